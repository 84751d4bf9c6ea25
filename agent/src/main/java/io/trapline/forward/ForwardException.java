package io.trapline.forward;

/// The outputs' own database could not do what was asked; the message says what was tried.
public final class ForwardException extends Exception {
    private static final long serialVersionUID = 1L;

    ForwardException(String message, Throwable cause) {
        super(message, cause);
    }
}
