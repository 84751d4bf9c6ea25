package io.trapline.ingest.trap;

import java.util.Objects;

/// A JSON value without parts, with its spelling: a number's digits as sent, a text's content.
record Scalar(Kind kind, String text) {
    static final Scalar NULL = new Scalar(Kind.NULL, "null");
    static final Scalar TRUE = new Scalar(Kind.BOOLEAN, "1");
    static final Scalar FALSE = new Scalar(Kind.BOOLEAN, "0");

    Scalar {
        Objects.requireNonNull(text, "text");
    }

    enum Kind {
        WHOLE,
        REAL,
        TEXT,
        BOOLEAN,
        NULL
    }
}
