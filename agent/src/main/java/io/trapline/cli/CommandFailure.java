package io.trapline.cli;

import org.jspecify.annotations.Nullable;

/// Ends a command with a message for the user and an exit code; no stack trace is shown.
final class CommandFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    CommandFailure(int exitCode, @Nullable String message) {
        super(message);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }
}
