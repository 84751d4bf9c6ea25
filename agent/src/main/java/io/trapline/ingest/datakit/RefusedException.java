package io.trapline.ingest.datakit;

import io.trapline.pipeline.Decoded;

/// A report is refused as a whole; becomes [Decoded.Refused].
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;

    RefusedException(int status, String code, String message) {
        super(message);
        this.status = status;
        this.code = code;
    }

    static RefusedException badRequest(String code, String message) {
        return new RefusedException(400, code, message);
    }

    Decoded.Refused refused() {
        return new Decoded.Refused(status, code, String.valueOf(getMessage()));
    }
}
