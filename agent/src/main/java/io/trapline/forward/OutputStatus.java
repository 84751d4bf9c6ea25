package io.trapline.forward;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What an output is doing, for people. Counts are since it was started, but for those of `dropped`
/// and of what is aside.
///
/// @param kind `core`, `push` or `trap`
/// @param address without secrets
/// @param state `running`, `failing` (it tries again), `paused`, or `gone`: only what it had set
///   aside is left
/// @param lag frames of the journal that it has not dealt with
/// @param items that receivers acknowledged, in so many requests and bytes
/// @param itemsPerSecond over the last minute
/// @param retries requests that failed for now
/// @param refused items that were set aside
/// @param skipped what has no place at the receiver, by reason
/// @param changed what arrives otherwise than it is here, by reason
/// @param dropped what receivers said they did not keep as it was sent, since the output exists
/// @param notice the receiver's last remark
/// @param error the last failure, empty when all is well
/// @param aside items that wait aside now
/// @param asideLost items that `aside_max_bytes` gave up, ever
public record OutputStatus(
        String name,
        String kind,
        String address,
        String state,
        long lag,
        long items,
        long requests,
        long bytes,
        double itemsPerSecond,
        long retries,
        long refused,
        Map<String, Long> skipped,
        Map<String, Long> changed,
        List<Dropped> dropped,
        String notice,
        String error,
        Optional<Instant> errorAt,
        Optional<Instant> sentAt,
        Optional<Instant> nextTry,
        long aside,
        long asideBytes,
        long asideLost) {
    public OutputStatus {
        skipped = Map.copyOf(skipped);
        changed = Map.copyOf(changed);
        dropped = List.copyOf(dropped);
    }

    /// Values that arrived, and that the receiver did not keep as they were sent.
    ///
    /// @param values how many, or how many at least
    /// @param said its last words about it
    /// @param at when it said them
    public record Dropped(String reason, long values, String said, Instant at) {}
}
