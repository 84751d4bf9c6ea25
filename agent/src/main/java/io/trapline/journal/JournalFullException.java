package io.trapline.journal;

import org.jspecify.annotations.Nullable;

/// There is no room for the frame, by quota or on the disk. Senders are told to come again.
public final class JournalFullException extends JournalException {
    private static final long serialVersionUID = 1L;

    public JournalFullException(String message) {
        super(message);
    }

    public JournalFullException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    JournalFullException(String message, @Nullable Throwable cause, boolean unknown) {
        super(message, cause, unknown);
    }
}
