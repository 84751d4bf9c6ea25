package io.trapline.store;

import io.trapline.model.PlainNumber;
import java.time.Duration;

/// A query was refused, failed or took too long; the message is for the person who asked.
public final class QueryException extends Exception {
    private static final long serialVersionUID = 1L;

    public QueryException(String message) {
        super(message);
    }

    public QueryException(String message, Throwable cause) {
        super(message, cause);
    }

    /// A statement took longer than it may.
    public static QueryException tooLong(Duration limit) {
        return new QueryException(
                "the query was ended after "
                        + PlainNumber.of(limit.toMillis() / 1000.0)
                        + " s; ask for less: a shorter time range, fewer streams, an aggregate");
    }

    public static QueryException cancelled() {
        return new QueryException("the query was cancelled");
    }
}
