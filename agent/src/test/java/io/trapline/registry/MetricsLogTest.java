package io.trapline.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Blob;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.registry.SeenMetric.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsLogTest {
    private static final UUID ID = UUID.fromString("a9856a6a-3b46-e18b-d890-acafaa955348");
    private static final String TRAP = Check.source(ID);
    private static final String PUSH = "push/7";

    @TempDir Path folder;
    private Instant now = Instant.parse("2026-01-02T03:04:05Z");

    private Registry open(MetricsLog.Limits limits) throws RegistryException {
        Registry registry =
                Registry.open(folder.resolve("trapline.db"), () -> now, Duration.ZERO, limits);
        registry.addCheck(new Check(ID, "s", "", ""));
        registry.addPush(
                OptionalLong.of(7), id -> new PushRegistration(id, "t", PushType.TIME_SERIES));
        return registry;
    }

    private Registry open() throws RegistryException {
        return open(MetricsLog.Limits.DEFAULT);
    }

    private static Sample sample(String name, SampleValue value, Tag... tags) {
        return new Sample(name, List.of(tags), value, 0);
    }

    private static String line(SeenMetric m) {
        return m.kind().word()
                + " "
                + m.name()
                + " "
                + m.type()
                + " x"
                + m.count()
                + " = "
                + m.latest();
    }

    @Test
    void a_checks_metrics_are_streams_and_a_pushs_are_names_and_dimensions() throws Exception {
        try (Registry registry = open()) {
            List<Entry> entries =
                    List.of(
                            sample("cpu", new SampleValue.Real(1.5), new Tag("b", "c")),
                            sample("cpu", new SampleValue.Real(12), new Tag("b", "c")),
                            sample("mem", new SampleValue.Whole(SampleType.UINT64, -1)));
            registry.seen(TRAP, entries, true);
            registry.seen(PUSH, entries, true);
            assertThat(registry.metrics(TRAP).metrics().stream().map(MetricsLogTest::line))
                    .containsExactly(
                            "metric cpu|ST[b:c] n x2 = 12",
                            "metric mem L x1 = 18446744073709551615");
            assertThat(registry.metrics(PUSH).metrics().stream().map(MetricsLogTest::line))
                    .containsExactly(
                            "metric cpu n x2 = 12",
                            "metric mem L x1 = 18446744073709551615",
                            "dimension b  x1 = c");
        }
    }

    @Test
    void an_event_is_seen_by_its_name_with_its_content() throws Exception {
        try (Registry registry = open()) {
            Field content = new Field("content", new FieldValue.Text("volume 3 is read only"));
            registry.seen(
                    PUSH,
                    List.of(
                            new Point(
                                    Category.KEYEVENT,
                                    "backup_failed",
                                    List.of(new Tag("job", "nightly")),
                                    List.of(content),
                                    0)),
                    true);
            assertThat(registry.metrics(PUSH).metrics().stream().map(MetricsLogTest::line))
                    .containsExactly(
                            "dimension job  x1 = nightly",
                            "event backup_failed  x1 = volume 3 is read only");
        }
    }

    @Test
    void first_and_last_time_and_the_count_survive_an_opening_as_do_alias_and_unit()
            throws Exception {
        Instant first = now;
        MetricSettings settings = new MetricSettings("load", "percent", true, false);
        try (Registry registry = open()) {
            registry.seen(TRAP, List.of(sample("cpu", new SampleValue.Real(1))), true);
            registry.describe(TRAP, Kind.METRIC, "cpu", settings);
            registry.flush();
            now = now.plusSeconds(60);
            registry.seen(TRAP, List.of(sample("cpu", new SampleValue.Text("up"))), false);
        }
        try (Registry registry = open()) {
            assertThat(registry.metrics(TRAP).metrics())
                    .containsExactly(
                            new SeenMetric(
                                    Kind.METRIC,
                                    "cpu",
                                    "s",
                                    Optional.of(first),
                                    Optional.of(now),
                                    2,
                                    "up",
                                    false,
                                    settings));
        }
    }

    @Test
    void names_beyond_the_limit_are_counted_and_not_kept() throws Exception {
        try (Registry registry = open(new MetricsLog.Limits(3, Long.MAX_VALUE))) {
            List<Entry> entries = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                entries.add(sample("m" + i, new SampleValue.Real(i)));
            }
            registry.seen(TRAP, entries, true);
            registry.seen(TRAP, entries, true);
            assertThat(registry.metrics(TRAP).metrics()).hasSize(3);
            assertThat(registry.metrics(TRAP).beyond()).isEqualTo(14);
        }
    }

    @Test
    void names_that_would_take_too_much_memory_are_counted_and_not_kept() throws Exception {
        try (Registry registry = open(new MetricsLog.Limits(1000, 2000))) {
            registry.seen(
                    TRAP,
                    List.of(
                            sample("m".repeat(5000), new SampleValue.Real(1)),
                            sample("m".repeat(1000), new SampleValue.Real(1)),
                            sample("small", new SampleValue.Real(1))),
                    true);
            assertThat(registry.metrics(TRAP).metrics()).hasSize(1);
            assertThat(registry.metrics(TRAP).beyond()).isEqualTo(2);
        }
    }

    @Test
    void a_long_text_is_cut_and_a_histogram_is_only_named() throws Exception {
        try (Registry registry = open()) {
            registry.seen(
                    TRAP,
                    List.of(
                            sample("t", new SampleValue.Text("x".repeat(1 << 20))),
                            sample(
                                    "h",
                                    new SampleValue.Histogram(
                                            SampleType.HISTOGRAM, Blob.of(new byte[7])))),
                    true);
            List<SeenMetric> seen = registry.metrics(TRAP).metrics();
            assertThat(line(seen.get(0))).isEqualTo("metric h h x1 = histogram of 7 bytes");
            assertThat(seen.get(1).latest()).isEqualTo("x".repeat(200) + "…");
        }
    }

    @Test
    void a_source_that_is_not_registered_leaves_nothing() throws Exception {
        try (Registry registry = open()) {
            registry.seen("push/8", List.of(sample("cpu", new SampleValue.Real(1))), true);
            registry.preview("push/8", 401, new byte[] {'{'}, 1, List.of());
            assertThat(registry.metrics("push/8").metrics()).isEmpty();
            assertThat(registry.recent("push/8")).isEmpty();
        }
    }

    @Test
    void a_removed_registration_takes_what_was_seen_with_it() throws Exception {
        try (Registry registry = open()) {
            registry.seen(PUSH, List.of(sample("cpu", new SampleValue.Real(1))), true);
            registry.preview(PUSH, 200, new byte[] {'{'}, 1, List.of());
            registry.flush();
            registry.removePush(7);
            registry.addPush(
                    OptionalLong.of(7), id -> new PushRegistration(id, "t", PushType.EVENT));
            assertThat(registry.metrics(PUSH).metrics()).isEmpty();
            assertThat(registry.recent(PUSH)).isEmpty();
        }
    }

    @Test
    void a_metric_can_be_named_by_hand_and_forgotten() throws Exception {
        try (Registry registry = open()) {
            registry.describe(
                    TRAP, Kind.METRIC, "later", new MetricSettings("a", "b", false, true));
            assertThat(registry.metrics(TRAP).metrics().getFirst().firstSeen()).isEmpty();
            registry.forgetMetric(TRAP, Kind.METRIC, "later");
            assertThat(registry.metrics(TRAP).metrics()).isEmpty();
        }
        try (Registry registry = open()) {
            assertThat(registry.metrics(TRAP).metrics()).isEmpty();
        }
    }

    @Test
    void counts_every_sighting_of_threads_that_come_at_once() throws Exception {
        try (Registry registry = open()) {
            List<Entry> entries = List.of(sample("cpu", new SampleValue.Real(1)));
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                threads.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    for (int n = 0; n < 500; n++) {
                                        registry.seen(TRAP, entries, true);
                                    }
                                }));
            }
            registry.flush();
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(registry.metrics(TRAP).metrics().getFirst().count()).isEqualTo(4000);
        }
        try (Registry registry = open()) {
            assertThat(registry.metrics(TRAP).metrics().getFirst().count()).isEqualTo(4000);
        }
    }
}
