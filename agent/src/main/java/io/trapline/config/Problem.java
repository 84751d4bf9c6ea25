package io.trapline.config;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.Objects;

/// One finding in a configuration file.
///
/// @param line counted from 1; 0 = the file as a whole
/// @param column counted from 1; 0 = not known, known for what the parser did not understand
/// @param message what was found and what is accepted, without file and line
public record Problem(Severity severity, Path file, int line, int column, String message)
        implements Comparable<Problem> {
    private static final Comparator<Problem> BY_PLACE =
            Comparator.comparing((Problem p) -> p.file.toString())
                    .thenComparingInt(Problem::line)
                    .thenComparingInt(Problem::column)
                    .thenComparing(Problem::severity)
                    .thenComparing(Problem::message);

    public Problem {
        Objects.requireNonNull(severity, "severity");
        Objects.requireNonNull(file, "file");
        Objects.requireNonNull(message, "message");
    }

    @Override
    public int compareTo(Problem other) {
        return BY_PLACE.compare(this, other);
    }

    /// What follows from it.
    public enum Severity {
        /// What it stands on is not used.
        ERROR,
        /// It is used, or left out, in another way than the user may think.
        WARNING,
        /// Good to know.
        INFO
    }
}
