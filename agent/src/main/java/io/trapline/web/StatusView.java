package io.trapline.web;

import io.trapline.collector.CollectorStatus;
import io.trapline.collector.Collectors.LedgerStatus;
import io.trapline.collector.InputStatus;
import io.trapline.health.PartStatus;
import io.trapline.journal.Journal.JournalStatus;
import io.trapline.journal.Journal.ReaderStatus;
import io.trapline.store.StoreStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The answer of `GET /api/status` as maps, lists, texts and numbers. What is not there is null, so
/// that every object always has the same members. Times are ISO-8601 in UTC.
public final class StatusView {
    private StatusView() {}

    /// @param core `http://host:port` of the push and trap listener
    public static Map<String, Object> of(
            String version,
            String role,
            Duration uptime,
            long configGeneration,
            List<String> configProblems,
            JournalStatus journal,
            Optional<StoreStatus> store,
            Optional<String> core,
            List<InputStatus> inputs,
            LedgerStatus ledger) {
        Map<String, Object> all = object();
        all.put("version", version);
        all.put("role", role.toLowerCase(Locale.ROOT));
        all.put("uptime_s", uptime.toMillis() / 1e3);
        all.put("config_generation", configGeneration);
        all.put("config_problems", configProblems);
        put(all, "core", core);
        all.put("journal", journal(journal));
        store.ifPresent(status -> all.put("store", store(status)));
        Map<String, Object> rows = object();
        rows.put("waiting", ledger.waiting());
        rows.put("lost", ledger.lost());
        all.put("ledger", rows);
        all.put("inputs", inputs.stream().map(StatusView::input).toList());
        return all;
    }

    /// One of `parts`.
    public static Map<String, Object> part(PartStatus part) {
        Map<String, Object> all = object();
        all.put("name", part.name());
        all.put("state", part.state().name().toLowerCase(Locale.ROOT));
        all.put("why", part.why());
        all.put("since", part.since().toString());
        all.put("restarts", part.restarts());
        return all;
    }

    private static Map<String, Object> journal(JournalStatus status) {
        Map<String, Object> all = object();
        all.put("head", status.head());
        all.put("tail", status.tail());
        all.put("bytes", status.bytes());
        all.put("max_bytes", status.maxBytes());
        all.put("damaged", status.damaged());
        all.put("refused", status.refused());
        all.put("readers", status.readers().stream().map(StatusView::reader).toList());
        return all;
    }

    private static Map<String, Object> reader(ReaderStatus reader) {
        Map<String, Object> all = object();
        all.put("name", reader.name());
        all.put("committed", reader.committed());
        all.put("lag", reader.lag());
        return all;
    }

    private static Map<String, Object> store(StoreStatus status) {
        Map<String, Object> all = object();
        all.put("state", status.state().name().toLowerCase(Locale.ROOT));
        all.put("position", status.position());
        all.put("lag", status.lag());
        all.put("samples", status.samples());
        all.put("records", status.records());
        all.put("runs", status.runs());
        all.put("streams", status.streams());
        all.put("bytes", status.bytes());
        all.put("bad_frames", status.badFrames());
        put(all, "oldest", status.oldest().map(Instant::toString));
        all.put("error", status.error());
        return all;
    }

    private static Map<String, Object> input(InputStatus input) {
        Map<String, Object> all = object();
        all.put("name", input.name());
        all.put("state", input.state());
        all.put("reason", input.reason());
        put(all, "retry_at", input.retryAt().map(Instant::toString));
        put(
                all,
                "pid",
                input.processId().isPresent()
                        ? Optional.of(input.processId().getAsLong())
                        : Optional.empty());
        all.put("restarts", input.restarts());
        all.put("problems", input.problems());
        all.put("log", input.logFile());
        all.put("collectors", input.collectors().stream().map(StatusView::collector).toList());
        return all;
    }

    private static Map<String, Object> collector(CollectorStatus collector) {
        Map<String, Object> all = object();
        all.put("id", collector.id());
        all.put("name", collector.name());
        all.put("module", collector.module());
        all.put("file", collector.file());
        all.put("interval_s", collector.interval());
        all.put("state", collector.state());
        all.put("shown", collector.word());
        all.put("reason", collector.reason());
        put(all, "last", collector.last().map(StatusView::lastRun));
        all.put("last_error", collector.lastError());
        put(all, "last_error_at", collector.lastErrorAt().map(Instant::toString));
        put(all, "running_since", collector.running().map(Instant::toString));
        put(all, "next", collector.next().map(Instant::toString));
        Map<String, Object> counts = object();
        counts.put("ok", collector.counts().ok());
        counts.put("error", collector.counts().error());
        counts.put("timeout", collector.counts().timeout());
        counts.put("skipped", collector.counts().skipped());
        counts.put("crashed", collector.counts().crashed());
        all.put("runs", counts);
        all.put("slow", collector.slow());
        all.put("slow_runs", collector.slowRuns());
        all.put("held_up_by", collector.heldUpBy());
        all.put("skipped_in_a_row", collector.skippedInARow());
        all.put("points", collector.points());
        all.put("refused_reports", collector.refusedReports());
        all.put("refused_points", collector.refusedPoints());
        Map<String, Object> lateness = object();
        lateness.put("p50_ms", collector.lateness().p50Ms());
        lateness.put("p99_ms", collector.lateness().p99Ms());
        lateness.put("max_ms", collector.lateness().maxMs());
        all.put("lateness", lateness);
        all.put("warning", collector.warning());
        all.put("lines", collector.lines());
        return all;
    }

    private static Map<String, Object> lastRun(CollectorStatus.LastRun run) {
        Map<String, Object> all = object();
        all.put("outcome", run.outcome().word());
        all.put("planned", run.planned().toString());
        all.put("started", run.started().toString());
        all.put("duration_ms", run.durationMs());
        all.put("points", run.points());
        all.put("error", run.error());
        return all;
    }

    private static Map<String, Object> object() {
        return new LinkedHashMap<>();
    }

    @SuppressWarnings("NullAway") // JSON has a null where a member has no value
    private static void put(Map<String, Object> all, String key, Optional<?> value) {
        @Nullable Object present = value.orElse(null);
        all.put(key, present);
    }
}
