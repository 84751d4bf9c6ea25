package io.trapline.net;

import org.jspecify.annotations.Nullable;

/// A certificate or a key that cannot be used; the message names the file and says what is wrong.
public final class TlsException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean ofKey;

    TlsException(boolean ofKey, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.ofKey = ofKey;
    }

    /// Whether the key's file is to blame, not the certificate's.
    public boolean isOfKey() {
        return ofKey;
    }
}
