package io.trapline;

import org.jspecify.annotations.Nullable;

/// Why the agent did not start; the message is for the operator.
public final class StartFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean configuration;

    StartFailure(String message, @Nullable Throwable cause) {
        super(message, cause);
        configuration = false;
    }

    /// @param problems that whoever started it has to mend: in a configuration file, or the limits
    ///   of the machine
    StartFailure(String problems) {
        super(problems);
        configuration = true;
    }

    /// Whether a configuration file, or a limit that was set for this process, is to blame.
    public boolean isConfiguration() {
        return configuration;
    }
}
