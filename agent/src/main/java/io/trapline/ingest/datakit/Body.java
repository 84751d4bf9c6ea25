package io.trapline.ingest.datakit;

import io.helidon.webserver.http.ServerRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Reads a request's body up to a limit and a time.
final class Body {
    /// A sender that is slower than this, on top of the timeout, is cut off.
    private static final long SLOWEST_BYTES_A_SECOND = 64 << 10;

    private Body() {}

    /// @param timeout for a body of no bytes; each 64 KiB that arrived add a second
    static byte[] read(ServerRequest request, long limit, Duration timeout, LongSupplier nanoTicker)
            throws RefusedException {
        long announced = request.headers().contentLength().orElse(-1);
        if (announced > limit) {
            throw ContentDecoding.tooLarge("the body", limit);
        }
        if (!request.content().hasEntity()) {
            return new byte[0];
        }
        long started = nanoTicker.getAsLong();
        ByteArrayOutputStream body =
                new ByteArrayOutputStream(Math.clamp(announced, 1024, 1 << 20));
        byte[] chunk = new byte[16 << 10];
        try (InputStream in = request.content().inputStream()) {
            for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                if (body.size() + (long) read > limit) {
                    throw ContentDecoding.tooLarge("the body", limit);
                }
                body.write(chunk, 0, read);
                long allowed =
                        timeout.toNanos() + body.size() / SLOWEST_BYTES_A_SECOND * 1_000_000_000L;
                if (nanoTicker.getAsLong() - started > allowed) {
                    throw tooSlow(timeout);
                }
            }
        } catch (IOException | RuntimeException e) {
            throw isTimeout(e) ? tooSlow(timeout) : cutOff(body.size(), announced);
        }
        if (announced >= 0 && body.size() < announced) {
            throw cutOff(body.size(), announced);
        }
        return body.toByteArray();
    }

    private static RefusedException tooSlow(Duration timeout) {
        return new RefusedException(408, "", "timeout(" + timeout.toSeconds() + "s)");
    }

    private static RefusedException cutOff(int read, long announced) {
        return RefusedException.badRequest(
                "datakit.readBodyFailed",
                "the body ended after "
                        + read
                        + (announced < 0 ? " bytes, inside a chunk" : " of " + announced + " bytes")
                        + "; nothing was stored");
    }

    private static boolean isTimeout(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof SocketTimeoutException) {
                return true;
            }
        }
        return false;
    }
}
