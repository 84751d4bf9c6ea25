package io.trapline.ingest;

import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// Remembers the first bytes that were read, and how many there were in all.
public final class FirstBytes extends FilterInputStream {
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private long count;

    public FirstBytes(InputStream in) {
        super(in);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int read = super.read(buffer, offset, length);
        if (read > 0) {
            kept.write(buffer, offset, Math.min(read, Previews.MAX_BYTES - kept.size()));
            count += read;
        }
        return read;
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    /// At most [Previews#MAX_BYTES].
    public byte[] toBytes() {
        return kept.toByteArray();
    }

    public long count() {
        return count;
    }
}
