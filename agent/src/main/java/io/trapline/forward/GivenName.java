package io.trapline.forward;

/// What something is called at a receiver that does not take its name.
///
/// @param kind of thing: a metric or a dimension
record GivenName(Kind kind, String original, String name) {
    enum Kind {
        METRIC,
        DIMENSION
    }
}
