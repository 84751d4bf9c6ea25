package io.trapline.bridge;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;

/// A listener that remembers everything.
final class Heard implements WorkerListener {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long PATIENCE_SECONDS = 60;

    record Report(String collector, long run, JsonNode request) {}

    record Line(String collector, Stream stream, String text) {}

    record Finished(long run, RunEnd end) {}

    record Died(String reason, String culprit) {}

    final List<Report> reports = new CopyOnWriteArrayList<>();
    private final BlockingQueue<Line> lines = new LinkedBlockingQueue<>();
    final List<Line> seenLines = new CopyOnWriteArrayList<>();
    private final BlockingQueue<Finished> finished = new LinkedBlockingQueue<>();
    private final BlockingQueue<Object> ends = new LinkedBlockingQueue<>();
    private final BlockingQueue<Died> died = new LinkedBlockingQueue<>();
    volatile Function<JsonNode, Reply> answer = _ -> Reply.OK;

    /// Which reports are taken at once, as far as the caller asks for that.
    volatile Predicate<JsonNode> atOnce = _ -> false;

    private final AtomicInteger takenAtOnce = new AtomicInteger();

    @Override
    public Reply report(String collectorId, long runId, byte[] request) {
        try {
            JsonNode json = JSON.readTree(request);
            reports.add(new Report(collectorId, runId, json));
            return answer.apply(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Optional<Reply> reportAtOnce(String collectorId, long runId, byte[] request) {
        try {
            if (!atOnce.test(JSON.readTree(request))) {
                return Optional.empty();
            }
            takenAtOnce.incrementAndGet();
            return Optional.of(report(collectorId, runId, request));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int takenAtOnce() {
        return takenAtOnce.get();
    }

    @Override
    public void output(String collectorId, Stream stream, String line) {
        Line heard = new Line(collectorId, stream, line);
        seenLines.add(heard);
        lines.add(heard);
    }

    final List<Long> started = new CopyOnWriteArrayList<>();

    @Override
    public void started(long runId) {
        started.add(runId);
    }

    @Override
    public void finished(long runId, RunEnd end) {
        finished.add(new Finished(runId, end));
        ends.add(new Finished(runId, end));
    }

    @Override
    public void died(String reason, String culprit) {
        died.add(new Died(reason, culprit));
        ends.add(new Died(reason, culprit));
    }

    Finished awaitFinished() {
        return await(finished, _ -> true, "a run's end");
    }

    RunEnd awaitEnd(long run) {
        return await(finished, each -> each.run() == run, "the end of run " + run).end();
    }

    Died awaitDied() {
        return await(died, _ -> true, "the interpreter's end");
    }

    /// Whichever comes first: a [Finished] or a [Died].
    Object awaitFinishedOrDied() {
        return await(ends, _ -> true, "a run's or the interpreter's end");
    }

    Line awaitLine(Predicate<String> text) {
        return await(lines, line -> text.test(line.text()), "a line");
    }

    boolean isSilent() {
        return finished.isEmpty() && died.isEmpty();
    }

    /// Takes until one fits; the others are put back behind.
    private <T> T await(BlockingQueue<T> queue, Predicate<T> wanted, String what) {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        List<T> others = new CopyOnWriteArrayList<>();
        try {
            while (true) {
                T next = queue.poll(until - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (next == null) {
                    throw new AssertionError(
                            what
                                    + " did not come; lines: "
                                    + seenLines
                                    + " finished: "
                                    + finished
                                    + " died: "
                                    + died);
                }
                if (wanted.test(next)) {
                    return next;
                }
                others.add(next);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            queue.addAll(others);
        }
    }
}
