package io.trapline.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.ingest.OnLoopback;
import io.trapline.ingest.Previews;
import io.trapline.ingest.trap.TrapCheck;
import io.trapline.ingest.trap.TrapHandler;
import io.trapline.ingest.trap.TrapLimits;
import io.trapline.ingest.trap.TrapSink;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.Origin;
import io.trapline.journal.SqliteJournal;
import io.trapline.model.Batch;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.StreamName;
import io.trapline.model.Tag;
import io.trapline.net.BoundServer;
import io.trapline.period.Measurement;
import io.trapline.pipeline.BatchCodec;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// From one Trapline's journal through `outputs.trap` to another's listener: what arrives there.
class TrapArrivalTest implements TrapSink {
    private static final long SEED = Long.getLong("trapline.names.seed", System.nanoTime());
    private static final long NS = 1_700_000_000_000_000_000L;
    private static final List<String> PIECES =
            List.of(
                    "a",
                    "b.c",
                    "_value",
                    "_ts",
                    "x y",
                    " ",
                    "+",
                    "+Inf",
                    ":",
                    "=",
                    ",",
                    "/",
                    "\"",
                    "'",
                    "\\",
                    "`",
                    "|",
                    "[",
                    "]",
                    "{",
                    "}",
                    "|ST[",
                    "|MT{",
                    "|ST[a:b]",
                    "b\"Zm9v\"",
                    "\u0000",
                    "\t",
                    "\n",
                    "\u001f",
                    "\u007f",
                    "\u0085",
                    "\u00a0",
                    "\u2028",
                    "\u3000",
                    "é",
                    "温度",
                    "😀",
                    "\ufffd",
                    "_tldr_",
                    "*",
                    "(",
                    "~");

    @TempDir Path data;
    private final Map<Long, String> arrived = new ConcurrentHashMap<>();
    private final List<Measurement> texts = new ArrayList<>();
    private SqliteJournal journal;
    private BoundServer server;
    private URI url;

    @BeforeEach
    void start() throws Exception {
        TrapCheck check =
                new TrapCheck(
                        new UUID(1, 2),
                        "httptrap",
                        "secret",
                        "name",
                        "",
                        Duration.ofSeconds(60),
                        true,
                        "`",
                        Optional.empty(),
                        "",
                        Set.of(),
                        false,
                        0,
                        Optional.empty());
        server =
                OnLoopback.open(
                        new TrapHandler(
                                _ -> Optional.of(check),
                                this,
                                TrapLimits.DEFAULT,
                                InstantSource.system(),
                                System::nanoTime,
                                Previews.NONE));
        url =
                URI.create(
                        "http://127.0.0.1:%d/module/httptrap/%s/secret"
                                .formatted(server.port(), check.id()));
        journal = SqliteJournal.open(data.resolve("trapline.db"), () -> JournalSettings.DEFAULT);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        journal.close();
    }

    @Override
    public void accept(TrapCheck check, long arrivalMs, List<Measurement> part) {
        for (Measurement measurement : part) {
            Measurement.Timed timed = (Measurement.Timed) measurement;
            if (timed.value() instanceof SampleValue.Whole(_, long id)) {
                assertThat(arrived.put(id, timed.stream().canonical())).isNull();
            } else {
                synchronized (texts) {
                    texts.add(timed);
                }
            }
        }
    }

    @Override
    public void acceptOnce(
            TrapCheck check, long arrivalMs, List<Measurement> submission, Origin origin) {
        accept(check, arrivalMs, submission);
    }

    @Override
    public SortedMap<String, SampleValue> running(TrapCheck check) {
        return new TreeMap<>();
    }

    /// Sends all of it and gives what the output says then.
    private OutputStatus send(List<Entry> entries) throws Exception {
        journal.append(BatchCodec.encode(new Batch("http/x", 1, entries)));
        try (Outputs outputs =
                Outputs.open(
                        data,
                        journal,
                        new Outputs.Surroundings(
                                InstantSource.system(), System::nanoTime, new Random(1)))) {
            outputs.apply(
                    new ForwardSettings(
                            List.of(
                                    new TrapOutputSettings(
                                            new OutputBasics("o"), url, 1 << 20, false)),
                            1 << 20));
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> outputs.status().getFirst().lag() == 0);
            return outputs.status().getFirst();
        }
    }

    @Test
    void every_stream_arrives_under_its_name_or_is_counted_and_has_one_of_its_own()
            throws Exception {
        Random random = new Random(SEED);
        List<Entry> entries = new ArrayList<>();
        List<String> own = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        List<TrapName.Key> keys = new ArrayList<>();
        while (entries.size() < 2500) {
            String name = text(random, 5000);
            List<Tag> tags = new ArrayList<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                String prefix = random.nextInt(4) == 0 ? Tag.MEASUREMENT_PREFIX : "";
                tags.add(new Tag(prefix + text(random, 300), text(random, 400)));
            }
            String stream = StreamName.canonical(name, tags);
            if (seen.add(stream)) {
                long id = entries.size();
                entries.add(
                        new Sample(
                                name, tags, new SampleValue.Whole(SampleType.INT64, id), NS + id));
                own.add(stream);
                keys.add(TrapName.key(name, TrapName.block(tags), false));
            }
        }

        OutputStatus status = send(entries);

        Map<String, Long> changed = new HashMap<>();
        Map<String, Long> skipped = new HashMap<>();
        int asHere = 0;
        for (int i = 0; i < entries.size(); i++) {
            String there = arrived.get((long) i);
            switch (keys.get(i)) {
                case TrapName.Key.Skipped(String reason) -> {
                    assertThat(there).isNull();
                    skipped.merge(reason, 1L, Long::sum);
                }
                case TrapName.Key.Sent(String key, Set<String> changes) -> {
                    changes.forEach(change -> changed.merge(change, 1L, Long::sum));
                    if (changes.isEmpty()) {
                        assertThat(there).as("seed %d", SEED).isEqualTo(own.get(i));
                        asHere++;
                    } else {
                        assertThat(there).as("seed %d", SEED).isNotNull().isNotEqualTo(own.get(i));
                    }
                    // So has a broker, which knows ASCII alone in names.
                    if (there != null && there.chars().allMatch(c -> c < 0x7F)) {
                        assertThat(Broker.read(key).map(Broker.Metric::stream))
                                .as("%s, seed %d", key, SEED)
                                .contains(there);
                    }
                }
            }
        }
        assertThat(asHere).isGreaterThan(300);
        assertThat(new HashSet<>(arrived.values())).as("seed %d", SEED).hasSize(arrived.size());
        assertThat(status.changed()).as("seed %d", SEED).isEqualTo(changed);
        assertThat(status.skipped()).as("seed %d", SEED).isEqualTo(skipped);
        // What was counted here was all: the receiver has nothing to say.
        assertThat(status.dropped()).as("seed %d", SEED).isEmpty();
        assertThat(status.notice()).isEmpty();
        assertThat(status.aside()).isZero();
    }

    private static String text(Random random, int most) {
        if (random.nextInt(40) == 0) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(4); i >= 0; i--) {
            text.append(PIECES.get(random.nextInt(PIECES.size())));
            if (random.nextInt(3) == 0) {
                text.append((char) ('a' + random.nextInt(26)));
            }
        }
        if (random.nextInt(12) == 0) {
            text.append(text.toString().repeat(random.nextInt(most) / text.length() + 1));
        }
        return text.toString();
    }

    @Test
    void what_a_receiver_would_cut_or_round_is_counted_before() throws Exception {
        FieldValue twice = new FieldValue.Int(2);
        List<Entry> entries =
                List.of(
                        new Point(
                                Category.METRIC,
                                "m",
                                List.of(),
                                List.of(
                                        new Field("t", new FieldValue.Text("é".repeat(600_000))),
                                        new Field(
                                                "d",
                                                new FieldValue.Real(
                                                        0x1p64, "18446744073709551617")),
                                        new Field("nan", new FieldValue.Real(Double.NaN)),
                                        new Field(
                                                "inf",
                                                new FieldValue.Real(Double.NEGATIVE_INFINITY))),
                                NS),
                        new Sample("n", List.of(), new SampleValue.Absent(SampleType.UINT64), NS),
                        new Point(
                                Category.METRIC,
                                "x",
                                List.of(),
                                List.of(new Field("v", twice)),
                                NS),
                        new Sample(
                                "x.v",
                                List.of(),
                                new SampleValue.Whole(SampleType.INT64, 3),
                                NS + 999_999));

        OutputStatus status = send(entries);

        assertThat(texts)
                .extracting(
                        one -> one.stream().name() + " " + shown(((Measurement.Timed) one).value()))
                .containsExactly(
                        "m.t " + "é".repeat(2047),
                        "m.d 1.8446744073709552E19",
                        "m.nan NaN",
                        "m.inf -Infinity",
                        "n UINT64");
        assertThat(status.changed())
                .isEqualTo(
                        Map.of(
                                TrapMapping.LONG_TEXT,
                                1L,
                                TrapMapping.ROUNDED,
                                1L,
                                TrapMapping.SAME_TIME,
                                1L));
        assertThat(status.dropped()).isEmpty();
        assertThat(status.aside()).isZero();
    }

    private static String shown(SampleValue value) {
        return switch (value) {
            case SampleValue.Text(String text) -> text;
            case SampleValue.Real(double number, _) -> Double.toString(number);
            case SampleValue.Absent(SampleType type) -> type.toString();
            case SampleValue.Whole _, SampleValue.Histogram _ -> value.toString();
        };
    }
}
