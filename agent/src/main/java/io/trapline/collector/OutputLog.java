package io.trapline.collector;

import io.trapline.bridge.WorkerListener.Stream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/// What one input's collectors print and log: in `logs/<input>.log` as lines `time stream collector
/// message`, and the last [#KEPT] lines of each collector in memory.
///
/// More than [#LINES_PER_SECOND] lines in a second are dropped, and their number is written. Any
/// thread may call any method; the monitor guards everything.
final class OutputLog implements AutoCloseable {
    static final int KEPT = 200;
    static final int LINES_PER_SECOND = 5000;
    static final int LONGEST_LINE = 8192;
    private static final long MAX_BYTES = 10_000_000;
    private static final int BACKUPS = 4;

    private final RotatingFile file;
    private final InstantSource wall;
    private final LongSupplier nanos;
    private final Map<String, ArrayDeque<String>> last = new HashMap<>();
    private long second;
    private int inSecond;
    private long dropped;

    OutputLog(Path logs, String input, InstantSource wall, LongSupplier nanos) {
        this.file = new RotatingFile(logs.resolve(fileName(input)), MAX_BYTES, BACKUPS);
        this.wall = wall;
        this.nanos = nanos;
        this.second = nanos.getAsLong();
    }

    /// An input's name is free text; a file's name is not.
    static String fileName(String input) {
        String plain = input.replaceAll("[^A-Za-z0-9._-]", "_");
        boolean changed = !plain.equals(input) || plain.startsWith(".") || plain.length() > 100;
        if (!changed) {
            return plain + ".log";
        }
        byte[] utf8 = input.getBytes(StandardCharsets.UTF_8);
        String shortened =
                plain.substring(0, Math.min(100, plain.length())).replaceAll("^\\.+", "");
        return shortened + "-" + Integer.toHexString(java.util.Arrays.hashCode(utf8)) + ".log";
    }

    /// A line that a collector printed or logged.
    synchronized void line(String collector, Stream stream, String line) {
        long now = nanos.getAsLong();
        if (now - second >= 1_000_000_000L) {
            reportDropped();
            second = now;
            inSecond = 0;
        }
        if (++inSecond > LINES_PER_SECOND) {
            dropped++;
            return;
        }
        write(collector, stream.name().toLowerCase(Locale.ROOT), line);
    }

    /// What the agent itself has to say about a collector: a traceback, a refused report.
    synchronized void note(String collector, String text) {
        text.lines().forEach(line -> write(collector, "agent", line));
    }

    synchronized List<String> lastLines(String collector) {
        ArrayDeque<String> lines = last.get(collector);
        return lines == null ? List.of() : List.copyOf(lines);
    }

    @Override
    public synchronized void close() {
        reportDropped();
        file.close();
    }

    private void reportDropped() {
        if (dropped > 0) {
            long lines = dropped;
            dropped = 0;
            write(
                    "-",
                    "agent",
                    lines
                            + " lines dropped: more than "
                            + LINES_PER_SECOND
                            + " a second; print less");
        }
    }

    private void write(String collector, String stream, String line) {
        String text =
                line.length() <= LONGEST_LINE
                        ? line
                        : line.substring(0, LONGEST_LINE)
                                + "… ("
                                + (line.length() - LONGEST_LINE)
                                + " more characters)";
        String whose = collector.isEmpty() ? "-" : collector;
        // A stray carriage return or escape sequence must not rewrite what a terminal shows.
        String clean = text.replaceAll("[\\p{Cntrl}&&[^\\t]]", "\uFFFD");
        String full =
                wall.instant().truncatedTo(ChronoUnit.MILLIS)
                        + " "
                        + stream
                        + " "
                        + whose
                        + " "
                        + clean;
        file.write(full + "\n");
        ArrayDeque<String> lines = last.computeIfAbsent(whose, _ -> new ArrayDeque<>());
        lines.addLast(full);
        if (lines.size() > KEPT) {
            lines.removeFirst();
        }
    }
}
