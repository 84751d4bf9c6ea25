package io.trapline.registry;

import java.time.Instant;
import java.util.List;

/// A request as it arrived, for people who look for what is wrong with it.
///
/// @param status what it was answered
/// @param body its beginning, secrets masked
/// @param bytes how long the body was
/// @param notes warnings, or why it was refused
public record RecentRequest(Instant time, int status, String body, long bytes, List<String> notes) {
    public RecentRequest {
        notes = List.copyOf(notes);
    }
}
