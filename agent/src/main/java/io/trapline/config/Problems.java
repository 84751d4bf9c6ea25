package io.trapline.config;

import io.trapline.config.Problem.Severity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Gathers what is found while reading. One thread at a time.
public final class Problems {
    private final List<Problem> found = new ArrayList<>();

    public void add(Severity severity, Path file, int line, String message) {
        found.add(new Problem(severity, file, line, 0, message));
    }

    void syntax(Path file, int line, int column, String message) {
        found.add(new Problem(Severity.ERROR, file, line, column, message));
    }

    public int errors() {
        return (int) found.stream().filter(p -> p.severity() == Severity.ERROR).count();
    }

    /// Everything so far, by file and line.
    public List<Problem> sorted() {
        return found.stream().sorted().toList();
    }
}
