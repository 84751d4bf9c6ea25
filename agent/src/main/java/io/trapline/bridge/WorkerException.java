package io.trapline.bridge;

/// A worker could not be started, or is gone. The message is for the operator.
public final class WorkerException extends Exception {
    private static final long serialVersionUID = 1L;

    public WorkerException(String message) {
        super(message);
    }

    public WorkerException(String message, Throwable cause) {
        super(message, cause);
    }
}
