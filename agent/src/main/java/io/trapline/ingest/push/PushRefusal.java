package io.trapline.ingest.push;

/// Ends the decoding of a request; never leaves the package.
final class PushRefusal extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;

    PushRefusal(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    /// The body or its data are wrong.
    PushRefusal(String message) {
        this(400, message);
    }

    int status() {
        return status;
    }

    String reason() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
