package io.trapline.config;

import io.trapline.config.Problem.Severity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Gathers what is found while reading. One thread at a time.
public final class Problems {
    private final List<Problem> found = new ArrayList<>();
    private int survivable;

    public void add(Severity severity, Path file, int line, String message) {
        found.add(new Problem(severity, file, line, 0, message));
    }

    /// An error that is reported and refused like any other, and that an agent can start with all
    /// the same: [#errors] does not count it.
    void addSurvivable(Path file, int line, String message) {
        add(Severity.ERROR, file, line, message);
        survivable++;
    }

    void syntax(Path file, int line, int column, String message) {
        found.add(new Problem(Severity.ERROR, file, line, column, message));
    }

    /// Those that leave nothing to use.
    public int errors() {
        return (int) found.stream().filter(p -> p.severity() == Severity.ERROR).count()
                - survivable;
    }

    /// Everything so far, by file and line.
    public List<Problem> sorted() {
        return found.stream().sorted().toList();
    }
}
