package io.trapline.collector;

import java.util.List;

/// What became of something that a person told collectors to do.
public sealed interface Commanded {
    /// @param collectors the class names of those that did it
    record Done(List<String> collectors) implements Commanded {
        public Done {
            collectors = List.copyOf(collectors);
        }
    }

    /// There is no such input or collector.
    record Unknown(String message) implements Commanded {}

    /// It cannot be done now; the message says why.
    record Refused(String message) implements Commanded {}
}
