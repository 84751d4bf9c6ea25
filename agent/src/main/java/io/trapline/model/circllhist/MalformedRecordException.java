package io.trapline.model.circllhist;

/// Bytes or text that are no record; the message says what is wrong with them.
public final class MalformedRecordException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedRecordException(String message) {
        super(message);
    }
}
