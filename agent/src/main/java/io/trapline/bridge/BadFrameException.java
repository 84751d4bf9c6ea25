package io.trapline.bridge;

import java.io.IOException;

/// What a worker's pipe carried is no frame of a worker: its message goes on "it sent …".
final class BadFrameException extends IOException {
    private static final long serialVersionUID = 1L;

    BadFrameException(String message) {
        super(message);
    }
}
