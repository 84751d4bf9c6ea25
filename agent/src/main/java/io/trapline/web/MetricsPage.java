package io.trapline.web;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.trapline.collector.CollectorStatus;
import io.trapline.collector.InputStatus;
import io.trapline.journal.Journal.JournalStatus;
import io.trapline.journal.Journal.ReaderStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// `GET /metrics`: the agent's own counters as Prometheus text.
///
/// Journal and collectors are asked when somebody looks, so that nothing has to be kept up to date
/// in between.
public final class MetricsPage implements HttpService {
    private final PrometheusMeterRegistry meters;
    private final Supplier<JournalStatus> journal;
    private final Supplier<List<InputStatus>> inputs;
    private final MultiGauge journalGauge;
    private final MultiGauge lag;
    private final MultiGauge runs;
    private final MultiGauge lateness;
    private final MultiGauge lastError;

    public MetricsPage(
            PrometheusMeterRegistry meters,
            Supplier<JournalStatus> journal,
            Supplier<List<InputStatus>> inputs) {
        this.meters = meters;
        this.journal = journal;
        this.inputs = inputs;
        journalGauge =
                MultiGauge.builder("trapline_journal")
                        .description("Journal: bytes, quota, positions, refused and damaged frames")
                        .register(meters);
        lag =
                MultiGauge.builder("trapline_journal_reader_lag_frames")
                        .description("Frames that a reader has not dealt with yet")
                        .register(meters);
        runs =
                MultiGauge.builder("trapline_collector_runs")
                        .description("Ended runs since the start, by outcome")
                        .register(meters);
        lateness =
                MultiGauge.builder("trapline_collector_lateness_seconds")
                        .description("Real start after planned start")
                        .register(meters);
        lastError =
                MultiGauge.builder("trapline_collector_last_error_timestamp_seconds")
                        .description("When the last failed run was planned")
                        .register(meters);
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get(
                "/metrics",
                (_, response) -> {
                    refresh();
                    response.header(
                                    HeaderNames.CONTENT_TYPE,
                                    "text/plain; version=0.0.4; charset=utf-8")
                            .send(meters.scrape());
                });
    }

    private synchronized void refresh() {
        JournalStatus status = journal.get();
        journalGauge.register(
                List.of(
                        row(status.bytes(), "what", "bytes"),
                        row(status.maxBytes(), "what", "max_bytes"),
                        row(status.head(), "what", "head"),
                        row(status.tail(), "what", "tail"),
                        row(status.refused(), "what", "refused_appends"),
                        row(status.damaged(), "what", "damaged_frames")),
                true);
        List<MultiGauge.Row<?>> lags = new ArrayList<>();
        for (ReaderStatus reader : status.readers()) {
            lags.add(row(reader.lag(), "reader", reader.name()));
        }
        lag.register(lags, true);

        List<MultiGauge.Row<?>> ended = new ArrayList<>();
        List<MultiGauge.Row<?>> late = new ArrayList<>();
        List<MultiGauge.Row<?>> failed = new ArrayList<>();
        for (InputStatus input : inputs.get()) {
            for (CollectorStatus collector : input.collectors()) {
                Tags tags = Tags.of("input", input.name(), "collector", collector.id());
                CollectorStatus.Counts counts = collector.counts();
                ended.add(MultiGauge.Row.of(tags.and("outcome", "ok"), counts.ok()));
                ended.add(MultiGauge.Row.of(tags.and("outcome", "error"), counts.error()));
                ended.add(MultiGauge.Row.of(tags.and("outcome", "timeout"), counts.timeout()));
                ended.add(MultiGauge.Row.of(tags.and("outcome", "skipped"), counts.skipped()));
                ended.add(MultiGauge.Row.of(tags.and("outcome", "crashed"), counts.crashed()));
                late.add(
                        MultiGauge.Row.of(
                                tags.and("quantile", "0.5"), collector.lateness().p50Ms() / 1e3));
                late.add(
                        MultiGauge.Row.of(
                                tags.and("quantile", "0.99"), collector.lateness().p99Ms() / 1e3));
                late.add(
                        MultiGauge.Row.of(
                                tags.and("quantile", "1"), collector.lateness().maxMs() / 1e3));
                collector
                        .lastErrorAt()
                        .ifPresent(
                                at -> failed.add(MultiGauge.Row.of(tags, at.toEpochMilli() / 1e3)));
            }
        }
        runs.register(ended, true);
        lateness.register(late, true);
        lastError.register(failed, true);
    }

    private static MultiGauge.Row<?> row(long value, String key, String word) {
        return MultiGauge.Row.of(Tags.of(key, word), value);
    }
}
