package io.trapline.forward;

import java.time.Instant;

/// One thing that a receiver refused.
///
/// @param id grows; unique over all outputs
/// @param status HTTP status, 0 when it was not even sent
/// @param payload as it stands in a request's body; not copied, nobody writes to it
/// @param resend whether it waits to be sent again
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
        boolean resend) {}
