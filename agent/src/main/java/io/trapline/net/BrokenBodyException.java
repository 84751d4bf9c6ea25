package io.trapline.net;

/// Thrown by whoever reads a request's body, when that breaks off or is not framed as RFC 9112
/// demands. Nothing more can be read from the connection, which ends after the answer.
///
/// The message says what was found where, for the sender; it never repeats what was sent.
public final class BrokenBodyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BrokenBodyException(String message) {
        super(message, null, false, false);
    }

    /// What was wrong with the body, when that is why reading it failed; else `otherwise`.
    public static String reason(Throwable failure, String otherwise) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof BrokenBodyException) {
                return String.valueOf(each.getMessage());
            }
        }
        return otherwise;
    }
}
