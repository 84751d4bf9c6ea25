package io.trapline.bridge;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// The lines of a stream, with a bound on their length and on how many a second are passed on: what
/// exceeds that is read and counted, so that the writer never waits.
final class Lines implements AutoCloseable {
    private static final int LONGEST = 16_384;
    private static final long PER_SECOND = 1 << 19;
    private static final long BURST = 1 << 20;

    private final InputStream in;
    private long allowance = BURST;
    private long at = System.nanoTime();
    private long dropped;

    Lines(InputStream in) {
        this.in = new BufferedInputStream(in, 1 << 16);
    }

    Optional<String> next() throws IOException {
        while (true) {
            Optional<String> line = read();
            if (line.isEmpty() || allowed(line.get().length())) {
                return line.map(this::withNote);
            }
            dropped++;
        }
    }

    private String withNote(String line) {
        if (dropped == 0) {
            return line;
        }
        String note = "[" + dropped + " lines of output dropped here: too many a second] ";
        dropped = 0;
        return note + line;
    }

    private boolean allowed(int length) {
        long now = System.nanoTime();
        allowance = Math.min(BURST, allowance + (now - at) * PER_SECOND / 1_000_000_000L);
        at = now;
        int cost = length + 16;
        if (cost > allowance || (dropped > 0 && allowance < PER_SECOND / 2)) {
            return false;
        }
        allowance -= cost;
        return true;
    }

    private Optional<String> read() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (line.size() < LONGEST) {
            int next = in.read();
            if (next < 0 && line.size() == 0) {
                return Optional.empty();
            }
            if (next < 0 || next == '\n') {
                break;
            }
            line.write(next);
        }
        return Optional.of(line.toString(StandardCharsets.UTF_8).stripTrailing());
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
