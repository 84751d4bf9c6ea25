package io.trapline.collector;

import io.trapline.bridge.WorkerListener;
import io.trapline.model.Point;
import io.trapline.pipeline.Decoded;
import io.trapline.pipeline.PointChecks;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Hears one interpreter of an input: takes reports in at once, hands everything else to the
/// input's thread. What an earlier interpreter still says is told apart by the object.
final class Ears implements WorkerListener {
    private static final int QUICKLY_DECODED = 16 << 10;

    private final InputRunner runner;
    private final Machine machine;
    private final Tags tags;
    private final OutputLog log;
    private final String input;

    Ears(InputRunner runner, Machine machine, Tags tags, OutputLog log, String input) {
        this.runner = runner;
        this.machine = machine;
        this.tags = tags;
        this.log = log;
        this.input = input;
    }

    @Override
    public void waits(String what) {
        runner.waits(what);
    }

    @Override
    public void started(long runId) {
        runner.begun(runId, machine.now());
    }

    @Override
    public Reply report(String collectorId, long runId, byte[] request) {
        CollectorSlot reporting = runner.collector(collectorId);
        if (reporting != null) {
            reporting.reported = OptionalLong.of(machine.now());
        }
        return switch (machine.decode().apply(request)) {
            case Decoded.Refused refused -> refuse(collectorId, refused);
            case Decoded.Accepted accepted -> {
                if (accepted.dropped() > 0) {
                    tellDropped(collectorId, accepted);
                }
                List<Point> points = tags.addTo(accepted.points());
                yield take(collectorId, runId, points, accepted.tags());
            }
        };
    }

    @Override
    public Optional<Reply> reportAtOnce(String collectorId, long runId, byte[] request) {
        ActiveRun run = runId == 0 ? null : runner.run(runId);
        if (run == null
                || request.length > QUICKLY_DECODED
                || !(machine.decode().apply(request) instanceof Decoded.Accepted accepted)
                || accepted.dropped() > 0) {
            return Optional.empty();
        }
        run.slot.reported = OptionalLong.of(machine.now());
        ReportBuffer.Taken taken =
                run.buffer.addAtOnce(tags.addTo(accepted.points()), accepted.tags());
        flushLater(taken, run.buffer);
        return Optional.ofNullable(taken).map(ReportBuffer.Taken::reply);
    }

    /// The reply is upstream's, which says nothing of it.
    private void tellDropped(String collectorId, Decoded.Accepted accepted) {
        String why =
                accepted.warnings().stream()
                        .filter(warning -> warning.type().equals(PointChecks.NO_FIELD))
                        .findFirst()
                        .map(warning -> ": " + warning.message())
                        .orElse("");
        log.note(
                name(runner.collector(collectorId)),
                accepted.dropped() + " points of a report were dropped" + why);
    }

    private Reply refuse(String collectorId, Decoded.Refused refused) {
        CollectorSlot slot = runner.collector(collectorId);
        if (slot != null) {
            slot.stats.refused(1, 0);
        }
        log.note(
                name(slot),
                "a report was refused: "
                        + refused.status()
                        + " "
                        + refused.code()
                        + ": "
                        + refused.message());
        return Replies.error(refused.status(), refused.code(), refused.message());
    }

    private Reply take(
            String collectorId, long runId, List<Point> points, Decoded.TagChoice choice) {
        ActiveRun run = runId == 0 ? null : runner.run(runId);
        ReportBuffer.@Nullable Taken taken = null;
        if (run != null) {
            taken = run.buffer.add(points, choice);
            flushLater(taken, run.buffer);
        }
        CollectorSlot slot = run == null ? runner.collector(collectorId) : run.slot;
        if (taken == null && slot != null) {
            taken = slot.outside.add(points, choice);
            flushLater(taken, slot.outside);
            if (taken != null && taken.reply().status() != 200) {
                slot.stats.refused(1, points.size());
            }
        }
        if (taken != null) {
            return taken.reply();
        }
        return takeAtOnce(collectorId, points, choice);
    }

    /// From a constructor, say, before its collector is known here: durable now.
    private Reply takeAtOnce(String collectorId, List<Point> points, Decoded.TagChoice choice) {
        String className = collectorId.substring(lastSeparator(collectorId) + 1);
        ReportBuffer now =
                ReportBuffer.of(input, className.isEmpty() ? "unknown" : className, machine);
        ReportBuffer.Taken taken = now.add(points, choice);
        long lost = now.close();
        if (taken == null || lost > 0) {
            log.note("", "a report of " + lost + " points was refused: the journal takes nothing");
            return Replies.error(503, "datakit.journalRefused", "nothing of this report was kept");
        }
        return taken.reply();
    }

    private static int lastSeparator(String id) {
        return Math.max(Math.max(id.lastIndexOf('.'), id.lastIndexOf(':')), id.lastIndexOf('#'));
    }

    private void flushLater(ReportBuffer.@Nullable Taken taken, ReportBuffer buffer) {
        if (taken != null && taken.first()) {
            flushAfterWait(buffer);
        }
    }

    private void flushAfterWait(ReportBuffer buffer) {
        machine.timeline()
                .at(
                        machine.now() + ReportBuffer.LONGEST_WAIT,
                        () ->
                                machine.writer()
                                        .execute(() -> {
                                            if (!buffer.flush()) {
                                                flushAfterWait(buffer);
                                            }
                                        }));
    }

    @Override
    public void output(String collectorId, Stream stream, String line) {
        log.line(name(runner.collector(collectorId)), stream, line);
    }

    private static String name(@Nullable CollectorSlot slot) {
        return slot == null ? "" : slot.name();
    }

    @Override
    public void finished(long runId, RunEnd end) {
        runner.finished(this, runId, end, machine.now());
    }

    @Override
    public void died(String reason, String culprit) {
        runner.died(this, reason, culprit);
    }
}
