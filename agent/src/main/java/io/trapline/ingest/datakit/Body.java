package io.trapline.ingest.datakit;

import io.helidon.webserver.http.ServerRequest;
import io.trapline.ingest.datakit.InFlight.Reservation;
import io.trapline.net.BrokenBodyException;
import io.trapline.net.SlowSenders;
import io.trapline.net.SlowSenders.Watch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/// Reads a request's body up to a limit and a time.
final class Body {
    static final int TIMEOUT = 408;

    private Body() {}

    /// @param timeout as [SlowSenders] means it; a sender that is slower is cut off, and the
    ///   refusal 408 cannot reach it any more
    static byte[] read(ServerRequest request, long limit, Duration timeout, Reservation reservation)
            throws RefusedException {
        long announced = request.headers().contentLength().orElse(-1);
        if (announced > limit) {
            throw ContentDecoding.tooLarge("the body", limit);
        }
        if (!request.content().hasEntity()) {
            return new byte[0];
        }
        // Grows with what comes: a thousand senders can announce megabytes and send nothing.
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        byte[] chunk = new byte[16 << 10];
        try (Watch watch = SlowSenders.watch(timeout)) {
            try {
                // Not closed: that would wait for the rest of a body which is refused here.
                InputStream in = request.content().inputStream();
                for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                    if (body.size() + (long) read > limit) {
                        throw ContentDecoding.tooLarge("the body", limit);
                    }
                    reservation.add(read);
                    body.write(chunk, 0, read);
                    watch.received(read);
                }
            } catch (IOException | RuntimeException e) {
                throw watch.expired()
                        ? tooSlow(timeout)
                        : notRead(
                                BrokenBodyException.reason(
                                        e,
                                        "the connection failed after %d bytes of the body"
                                                .formatted(body.size())));
            }
            if (watch.expired()) {
                throw tooSlow(timeout);
            }
        }
        return body.toByteArray();
    }

    private static RefusedException tooSlow(Duration timeout) {
        return new RefusedException(TIMEOUT, "", "timeout(" + timeout.toSeconds() + "s)");
    }

    private static RefusedException notRead(String reason) {
        return RefusedException.badRequest(
                "datakit.readBodyFailed", reason + "; nothing was stored");
    }
}
