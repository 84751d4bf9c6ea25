package io.trapline.store;

import io.trapline.model.PlainNumber;
import java.time.Duration;

/// A query was refused, failed or took too long; the message is for the person who wrote it. Who
/// asks on behalf of somebody who wrote nothing tells them by [#reason].
public final class QueryException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /// Why there is no answer.
    public enum Reason {
        /// The statement is at fault: it was refused or failed, or answers too much.
        STATEMENT,
        /// It did not end in time.
        TIME,
        /// It did not begin in time, because others are running.
        BUSY,
        /// The database is not open: not yet, or not any more.
        NOT_OPEN,
        /// Whoever asked did not want to wait any longer.
        CANCELLED
    }

    public QueryException(String message) {
        this(Reason.STATEMENT, message);
    }

    public QueryException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public QueryException(String message, Throwable cause) {
        super(message, cause);
        reason = Reason.STATEMENT;
    }

    /// A statement took longer than it may.
    public static QueryException tooLong(Duration limit) {
        return new QueryException(
                Reason.TIME,
                "the query was ended after "
                        + PlainNumber.of(limit.toMillis() / 1000.0)
                        + " s; ask for less: a shorter time range, fewer streams, an aggregate");
    }

    public static QueryException cancelled() {
        return new QueryException(Reason.CANCELLED, "the query was cancelled");
    }

    public Reason reason() {
        return reason;
    }
}
