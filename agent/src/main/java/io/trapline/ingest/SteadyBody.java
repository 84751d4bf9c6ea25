package io.trapline.ingest;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.function.LongSupplier;

/// A request's body that ends with an error when its sender is too slow, and when the server's
/// reader gives up with an exception of its own. The first 30 s are free; from then on it has to be
/// 64 bytes a second on average.
public final class SteadyBody extends InputStream {
    private static final long GRACE_NS = Duration.ofSeconds(30).toNanos();
    private static final long NS_PER_BYTE = Duration.ofSeconds(1).toNanos() / 64;

    private final InputStream body;
    private final LongSupplier nanoTicker;
    private final long startNs;
    private long bytes;

    public SteadyBody(InputStream body, LongSupplier nanoTicker) {
        this.body = body;
        this.nanoTicker = nanoTicker;
        this.startNs = nanoTicker.getAsLong();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int read;
        try {
            read = body.read(buffer, offset, length);
        } catch (RuntimeException e) {
            throw new IOException("reading the body failed after " + bytes + " bytes", e);
        }
        if (read > 0) {
            bytes += read;
            long tookNs = nanoTicker.getAsLong() - startNs;
            if (tookNs > GRACE_NS && tookNs / NS_PER_BYTE > bytes) {
                throw new IOException(
                        "the sender is too slow: "
                                + bytes
                                + " bytes in "
                                + tookNs / 1_000_000_000
                                + " s");
            }
        }
        return read;
    }

    /// Leaves the body to the server, whose own close reads to the end of it, or fails there.
    @Override
    public void close() {}
}
