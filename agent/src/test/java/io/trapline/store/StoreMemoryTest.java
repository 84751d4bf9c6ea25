package io.trapline.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Batch;
import io.trapline.model.Blob;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.model.circllhist.Circllhist;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Whatever the shape of the data, a store takes it with a small memory, reads it back, and opens
/// again. All of a shape together is a multiple of that memory.
class StoreMemoryTest {
    private static final long MEMORY = 16L << 20;
    private static final Random RANDOM = new Random(5);
    private static final String TEXT = random(1 << 20);

    @TempDir Path directory;

    private static String random(int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append((char) ('!' + RANDOM.nextInt(90)));
        }
        return text.toString().replace('"', '.').replace('\\', '.');
    }

    private static String part(int length) {
        int from = RANDOM.nextInt(TEXT.length() - length + 1);
        return TEXT.substring(from, from + length);
    }

    private static Point log(String text) {
        return new Point(
                Category.LOGGING,
                "log",
                List.of(new Tag("a", "b")),
                List.of(new Field("message", new FieldValue.Text(text))),
                StoreFixture.NOW_NS);
    }

    private static Point metric(List<Tag> tags, List<Field> fields) {
        return new Point(Category.METRIC, "m", tags, fields, StoreFixture.NOW_NS);
    }

    private static List<Entry> five(java.util.function.IntFunction<Entry> entry) {
        return IntStream.range(0, 5).mapToObj(entry).toList();
    }

    /// What a batch of the shape has, how many batches, and how many rows of it a view shows.
    enum Shape {
        LOGS_OF_200_KB(30, 5, "records") {
            @Override
            List<Entry> batch(int number) {
                return five(_ -> log(part(200_000)));
            }
        },
        LOGS_OF_WIDE_CHARACTERS(20, 5, "records") {
            @Override
            List<Entry> batch(int number) {
                return five(i -> log("\uD83D\uDE00".repeat(30_000 + i) + "€".repeat(30_000)));
            }
        },
        LOGS_OF_8_KB(20, 200, "records") {
            @Override
            List<Entry> batch(int number) {
                return IntStream.range(0, 200).<Entry>mapToObj(_ -> log(part(8_000))).toList();
            }
        },
        RECORDS_WITH_FIELDS_OF_1_MIB(6, 1, "records") {
            @Override
            List<Entry> batch(int number) {
                List<Field> fields = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    fields.add(new Field("f" + i, new FieldValue.Text(TEXT)));
                }
                return List.of(
                        new Point(Category.LOGGING, "log", List.of(), fields, StoreFixture.NOW_NS));
            }
        },
        METRICS_OF_TEXTS(30, 5, "metrics") {
            @Override
            List<Entry> batch(int number) {
                return five(_ ->
                        metric(
                                List.of(new Tag("a", "b")),
                                List.of(new Field("f", new FieldValue.Text(part(200_000))))));
            }
        },
        NEW_STREAMS_20_000_AT_ONCE(2, 20_000, "metrics") {
            @Override
            List<Entry> batch(int number) {
                return IntStream.range(0, 20_000)
                        .<Entry>mapToObj(i ->
                                metric(
                                        List.of(new Tag("host", number + "-" + i)),
                                        List.of(new Field("f", new FieldValue.Int(i)))))
                        .toList();
            }
        },
        STREAMS_WITH_256_LONG_TAGS(2, 100, "metrics") {
            @Override
            List<Entry> batch(int number) {
                List<Tag> tags = new ArrayList<>();
                for (int i = 0; i < 256; i++) {
                    tags.add(new Tag("k" + i + "-" + number, part(1_000)));
                }
                // One point whose rows are 200 times as large as itself.
                List<Field> fields = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    fields.add(new Field("f" + i, new FieldValue.Int(i)));
                }
                return List.of(metric(tags, fields));
            }
        },
        SAMPLES_WITH_1_000_TAGS(2, 50, "metrics") {
            @Override
            List<Entry> batch(int number) {
                return IntStream.range(0, 50)
                        .<Entry>mapToObj(i -> {
                            List<Tag> tags = new ArrayList<>();
                            for (int k = 0; k < 1000; k++) {
                                tags.add(new Tag("key" + k, number + "." + i + part(100)));
                            }
                            return new Sample(
                                    "m", tags, new SampleValue.Real(i), StoreFixture.NOW_NS);
                        })
                        .toList();
            }
        },
        HISTOGRAMS_OF_MANY_BINS(15, 5, "histograms") {
            @Override
            List<Entry> batch(int number) {
                Circllhist many = new Circllhist();
                for (int i = 0; i < 10_000; i++) {
                    many.insert((1 + RANDOM.nextDouble() * 9) * Math.pow(10, i % 200 - 100), 1);
                }
                Blob record = Blob.of(many.toRecord());
                return five(i ->
                        new Sample(
                                "h" + i,
                                List.of(),
                                new SampleValue.Histogram(SampleType.HISTOGRAM, record),
                                StoreFixture.NOW_NS + number));
            }
        },
        SUBMISSIONS_OF_CHECKS_WITH_LONG_TEXTS(30, 5, "metrics") {
            @Override
            String source() {
                return "trap/x";
            }

            @Override
            List<Entry> batch(int number) {
                return five(i ->
                        new Sample(
                                "t" + i,
                                List.of(),
                                new SampleValue.Text(part(200_000)),
                                StoreFixture.NOW_NS + number));
            }
        },
        RUNS_WITH_LONG_TRACEBACKS(30, 5, "runs") {
            @Override
            List<Entry> batch(int number) {
                return five(_ ->
                        new Run(
                                "in",
                                "C",
                                StoreFixture.NOW_NS,
                                StoreFixture.NOW_NS,
                                1,
                                Run.Outcome.ERROR,
                                0,
                                part(200_000)));
            }
        },
        A_BACKLOG_OF_20_000_FRAMES(20_000, 1, "metrics") {
            @Override
            List<Entry> batch(int number) {
                return List.of(
                        metric(
                                List.of(new Tag("a", "b" + number % 100)),
                                List.of(new Field("f", new FieldValue.Int(number)))));
            }
        };

        private final int batches;
        private final int rows;
        private final String view;

        Shape(int batches, int rows, String view) {
            this.batches = batches;
            this.rows = rows;
            this.view = view;
        }

        abstract List<Entry> batch(int number);

        String source() {
            return "x";
        }
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void every_row_is_there_once_after_a_start_with_a_backlog_and_after_another(Shape shape)
            throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            fixture.settings = new StoreSettings(Duration.ofDays(7), MEMORY);
            for (int i = 0; i < shape.batches; i++) {
                fixture.journal.append(
                        new Batch(shape.source(), StoreFixture.NOW_NS, shape.batch(i)));
            }
            assertRead(fixture, shape);
            fixture.stop();
            assertRead(fixture, shape);
        }
    }

    private static void assertRead(StoreFixture fixture, Shape shape) throws Exception {
        long rows = (long) shape.batches * shape.rows;
        assertThat(fixture.store().catchUp(Duration.ofMinutes(3)))
                .as("caught up: %s", fixture.store().status())
                .isTrue();
        assertThat(fixture.rows("SELECT count(*) FROM " + shape.view))
                .containsExactly(List.of(rows));
        // All columns, wide ones too, are read back from the disk within the same memory.
        assertThat(
                        fixture.rows(
                                "SELECT count(*) FROM (SELECT hash(columns(*)) FROM "
                                        + shape.view
                                        + ")"))
                .containsExactly(List.of(rows));
        assertThat(fixture.rows("SELECT 1 FROM (FROM " + shape.view + " LIMIT 1)")).hasSize(1);
        StoreStatus status = fixture.store().status();
        assertThat(status.state()).as("%s", status).isEqualTo(StoreStatus.State.RUNNING);
        assertThat(status.badFrames()).isZero();
        assertThat(status.samples() + status.records() + status.runs())
                .as("fillers are not counted")
                .isEqualTo(rows);
    }

    @Test
    void retention_takes_the_fillers_of_wide_rows_along() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            fixture.settings = new StoreSettings(Duration.ofDays(7), MEMORY);
            List<Tag> tags = new ArrayList<>();
            for (int i = 0; i < 256; i++) {
                tags.add(new Tag("k" + i, part(1_000)));
            }
            fixture.accept(
                    "x",
                    log(part(100_000)),
                    metric(tags, List.of(new Field("f", new FieldValue.Text(part(100_000))))),
                    new Run(
                            "in",
                            "C",
                            StoreFixture.NOW_NS,
                            StoreFixture.NOW_NS,
                            1,
                            Run.Outcome.ERROR,
                            0,
                            part(100_000)));
            String all =
                    "SELECT (SELECT count(*) FROM trapline.samples),"
                            + " (SELECT count(*) FROM trapline.records),"
                            + " (SELECT count(*) FROM trapline.runs),"
                            + " (SELECT count(*) FROM trapline.streams)";
            assertThat(fixture.rows(all).getFirst())
                    .allSatisfy(count -> assertThat((Long) count).isGreaterThan(50));

            for (int day = 1; day <= 8; day++) { // a clock that jumps is not believed
                fixture.now = StoreFixture.NOW.plus(Duration.ofDays(day));
                fixture.store().retain().get();
            }
            assertThat(fixture.rows(all)).containsExactly(Arrays.asList(0L, 0L, 0L, 0L));
        }
    }

    @Test
    void the_longest_text_there_is_takes_no_more_than_the_default_memory() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            fixture.settings = new StoreSettings(Duration.ofDays(7), 128L << 20);
            fixture.accept("x", log(TEXT.repeat(31)));
            fixture.accept("x", log("short"));
            fixture.accept("x", log(TEXT.repeat(31)));
            assertThat(
                            fixture.rows(
                                    "SELECT count(*), sum(length(fields::VARCHAR))::BIGINT > 65000000"
                                            + " FROM logging"))
                    .containsExactly(List.of(3L, true));
            assertThat(fixture.store().status().badFrames()).isZero();
        }
    }

    @Test
    void a_frame_that_does_not_fit_even_alone_is_set_aside_and_the_others_go_on() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            fixture.settings = new StoreSettings(Duration.ofDays(7), 16L << 20);
            fixture.accept("x", log("before"));
            fixture.accept("x", log(TEXT.repeat(31)));
            fixture.accept("x", log("after"));

            assertThat(fixture.rows("SELECT fields->>'message' FROM logging ORDER BY 1"))
                    .containsExactly(List.of("after"), List.of("before"));
            assertThat(
                            fixture.rows(
                                    "SELECT DISTINCT position, reason LIKE '%does not fit into the"
                                            + " store''s memory even alone%16 MiB%' FROM"
                                            + " trapline.bad_frames WHERE position IS NOT NULL"))
                    .containsExactly(List.of(2L, true));
            assertThat(
                            fixture.rows(
                                    "SELECT sum(octet_length(frame))::BIGINT > 31000000 FROM"
                                            + " trapline.bad_frames"))
                    .as("the frame is kept as it is")
                    .containsExactly(List.of(true));
            assertThat(fixture.store().status().badFrames()).isEqualTo(1);
        }
    }
}
