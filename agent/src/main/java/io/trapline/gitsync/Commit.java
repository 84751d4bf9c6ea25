package io.trapline.gitsync;

import java.time.Instant;

/// @param id 40 hexadecimal digits
/// @param subject the message's first line
/// @param time when it was committed
public record Commit(String id, String subject, Instant time) {
    static final int SHORT = 10;

    /// Enough of the id to find it.
    public String shortId() {
        return id.substring(0, Math.min(SHORT, id.length()));
    }
}
