package io.trapline.bridge;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;

/// Cuts what is written to it into lines.
final class LineStream extends OutputStream {
    private static final int LONGEST = 16_384;

    private final WorkerListener.Stream stream;
    private final BiConsumer<WorkerListener.Stream, String> lines;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    LineStream(WorkerListener.Stream stream, BiConsumer<WorkerListener.Stream, String> lines) {
        this.stream = stream;
        this.lines = lines;
    }

    @Override
    public synchronized void write(int next) {
        if (next != '\n') {
            line.write(next);
        }
        if (next == '\n' || line.size() == LONGEST) {
            lines.accept(stream, line.toString(StandardCharsets.UTF_8));
            line.reset();
        }
    }
}
