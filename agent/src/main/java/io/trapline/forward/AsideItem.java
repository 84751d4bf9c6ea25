package io.trapline.forward;

import java.time.Instant;

/// One thing that a receiver refused.
///
/// @param id grows; unique over all outputs
/// @param status HTTP status, 0 when it was not even sent
/// @param payload as it stands in a request's body; not copied, nobody writes to it
/// @param again its place among those that are sent again, 0 when it does not wait for that
@SuppressWarnings("ArrayRecordComponent")
public record AsideItem(
        long id,
        String output,
        long position,
        int part,
        int status,
        String reason,
        Instant at,
        byte[] payload,
        long again) {

    /// Whether it waits to be sent again.
    public boolean resend() {
        return again > 0;
    }
}
