package io.trapline.journal;

import org.jspecify.annotations.Nullable;

/// The journal could not do what was asked; the message says what was tried and what was found.
public class JournalException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean unknown;

    public JournalException(String message) {
        this(message, null);
    }

    public JournalException(String message, @Nullable Throwable cause) {
        this(message, cause, false);
    }

    /// @param unknown whether what was to be written may be there all the same
    JournalException(String message, @Nullable Throwable cause, boolean unknown) {
        super(message, cause);
        this.unknown = unknown;
    }

    /// Whether what was to be written may be there all the same after a failure of the power:
    /// neither "kept" nor "not kept" would be true.
    public boolean isUnknown() {
        return unknown;
    }
}
