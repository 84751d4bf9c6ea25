package io.trapline.registry;

/// The registry's database could not be read or written; the message says what was tried and what
/// was found. Nothing was changed.
public final class RegistryException extends Exception {
    private static final long serialVersionUID = 1L;

    public RegistryException(String message) {
        super(message);
    }

    public RegistryException(String message, Throwable cause) {
        super(message, cause);
    }
}
