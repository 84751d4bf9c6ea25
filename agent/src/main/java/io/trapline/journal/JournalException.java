package io.trapline.journal;

import org.jspecify.annotations.Nullable;

/// The journal could not do what was asked; the message says what was tried and what was found.
public class JournalException extends Exception {
    private static final long serialVersionUID = 1L;

    public JournalException(String message) {
        super(message);
    }

    public JournalException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
