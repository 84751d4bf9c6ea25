package io.trapline.ingest;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// A body whose bytes count as held while they are read.
public final class HeldBody extends FilterInputStream {
    private final RequestMemory.Hold memory;
    private long left;

    /// @param most bytes of the body that are in memory at once
    public HeldBody(InputStream body, RequestMemory.Hold memory, long most) {
        super(body);
        this.memory = memory;
        this.left = most;
    }

    @Override
    public int read() throws IOException {
        int read = super.read();
        hold(read < 0 ? 0 : 1);
        return read;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int read = super.read(buffer, offset, length);
        hold(Math.max(0, read));
        return read;
    }

    private void hold(int bytes) {
        long counted = Math.min(bytes, left);
        if (counted > 0) {
            memory.add(counted);
            left -= counted;
        }
    }
}
