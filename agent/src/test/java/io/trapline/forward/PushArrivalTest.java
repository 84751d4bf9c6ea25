package io.trapline.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.ingest.OnLoopback;
import io.trapline.ingest.PipelineSink;
import io.trapline.ingest.Previews;
import io.trapline.ingest.push.PushDecoder;
import io.trapline.ingest.push.PushHandler;
import io.trapline.ingest.push.PushLimits;
import io.trapline.ingest.push.PushRegistration;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.SqliteJournal;
import io.trapline.model.Batch;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.net.BoundServer;
import io.trapline.pipeline.BatchCodec;
import io.trapline.pipeline.GlobalTags;
import io.trapline.pipeline.Pipeline;
import io.trapline.pipeline.PipelineSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// From one Trapline's journal through `outputs.push` to another's listener: what arrives there.
class PushArrivalTest {
    private static final long SEED = Long.getLong("trapline.names.seed", System.nanoTime());
    private static final long NS = 1_700_000_000_000_000_000L;
    private static final List<String> KEYS =
            List.of(
                    "host",
                    "target",
                    "target_2",
                    "a.b",
                    "a-b",
                    "a_b",
                    "a b",
                    "a_b_2",
                    "täg",
                    "tüg",
                    "t_g",
                    "温",
                    "湿",
                    "_",
                    "__",
                    "9",
                    "_9",
                    "MT:a",
                    "MT_a",
                    "é",
                    "a\u0000b");

    @TempDir Path here;
    @TempDir Path there;

    @Test
    void each_metric_and_each_tag_has_a_name_of_its_own_for_good() throws Exception {
        Random random = new Random(SEED);
        List<Batch> batches = new ArrayList<>();
        // Value → what it is called here.
        Map<Long, String> metrics = new HashMap<>();
        Map<Long, List<Tag>> tags = new HashMap<>();
        for (int i = 0; i < 300; i++) {
            List<Tag> given = new ArrayList<>();
            for (String key : KEYS) {
                if (random.nextInt(3) == 0) {
                    given.add(new Tag(key, key + "=" + i));
                }
            }
            Collections.shuffle(given, random);
            String measurement = KEYS.get(random.nextInt(KEYS.size()));
            String field = KEYS.get(random.nextInt(KEYS.size()));
            metrics.put((long) i, measurement + "." + field);
            tags.put((long) i, given);
            Entry point =
                    new Point(
                            Category.METRIC,
                            measurement,
                            given,
                            List.of(new Field(field, new FieldValue.Int(i))),
                            NS + i * 1_000_000L);
            batches.add(new Batch("http/x", 1, List.of(point)));
        }

        List<Sample> arrived = send(batches);

        assertThat(arrived).hasSize(300);
        Map<String, String> metricNames = new HashMap<>();
        Map<String, String> dimensionNames = new HashMap<>();
        for (Sample sample : arrived) {
            long id = (long) ((SampleValue.Real) sample.value()).value();
            known(metricNames, Objects.requireNonNull(metrics.get(id)), sample.name());
            Set<String> values = new HashSet<>();
            for (Tag tag : sample.tags()) {
                values.add(tag.value());
                if (!tag.key().equals("target")) {
                    String original = tag.value().substring(0, tag.value().lastIndexOf('='));
                    known(dimensionNames, original, tag.key());
                }
            }
            List<String> own =
                    Objects.requireNonNull(tags.get(id)).stream().map(Tag::value).toList();
            assertThat(values).as("seed %d", SEED).containsAll(own);
        }
        assertThat(metricNames.values()).as("seed %d", SEED).doesNotHaveDuplicates();
        assertThat(dimensionNames.values()).as("seed %d", SEED).doesNotHaveDuplicates();
        assertThat(dimensionNames).containsKeys("a.b", "a-b", "温", "湿");
    }

    private static void known(Map<String, String> names, String original, String name) {
        String before = names.putIfAbsent(original, name);
        if (before != null) {
            assertThat(name).as("%s, seed %d", original, SEED).isEqualTo(before);
        }
    }

    /// Through two lives of the output.
    private List<Sample> send(List<Batch> batches) throws Exception {
        try (SqliteJournal mine = journal(here);
                SqliteJournal theirs = journal(there)) {
            PushDecoder decoder =
                    new PushDecoder(
                            id ->
                                    Optional.of(
                                            new PushRegistration(
                                                    id, "t", "time_series", "v2", 0, -1, true)),
                            PushLimits.DEFAULT,
                            InstantSource.system(),
                            System::nanoTime);
            Pipeline pipeline =
                    new Pipeline(
                            theirs,
                            new GlobalTags(PipelineSettings.DEFAULT, "h", GlobalTags.Changes.NONE),
                            () -> false,
                            InstantSource.system());
            BoundServer server =
                    OnLoopback.open(
                            new PushHandler(
                                    decoder,
                                    new PipelineSink(pipeline),
                                    PushLimits.DEFAULT,
                                    System::nanoTime,
                                    Previews.NONE));
            try {
                URI url = URI.create("http://127.0.0.1:" + server.port() + "/v2/push/");
                int half = batches.size() / 2;
                deliver(mine, url, batches.subList(0, half));
                deliver(mine, url, batches.subList(half, batches.size()));
            } finally {
                server.close();
            }
            List<Sample> samples = new ArrayList<>();
            var reader = theirs.reader("test");
            for (var frames = reader.read(64 << 20, Duration.ZERO);
                    !frames.isEmpty();
                    frames = reader.read(64 << 20, Duration.ZERO)) {
                frames.forEach(frame ->
                        BatchCodec.decode(frame.bytes())
                                .entries()
                                .forEach(entry -> samples.add((Sample) entry)));
            }
            return samples;
        }
    }

    private void deliver(SqliteJournal journal, URI url, List<Batch> batches) throws Exception {
        for (Batch batch : batches) {
            journal.append(BatchCodec.encode(batch));
        }
        try (Outputs outputs =
                Outputs.open(
                        here,
                        journal,
                        new Outputs.Surroundings(
                                InstantSource.system(), System::nanoTime, new Random(1)))) {
            outputs.apply(
                    new ForwardSettings(
                            List.of(
                                    new PushOutputSettings(
                                            new OutputBasics("o"),
                                            url,
                                            7,
                                            "t",
                                            PushOutputSettings.Type.TIME_SERIES,
                                            0,
                                            500_000,
                                            "me")),
                            1 << 20));
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> outputs.status().getFirst().lag() == 0);
            OutputStatus status = outputs.status().getFirst();
            assertThat(status.aside()).isZero();
            assertThat(status.changed())
                    .containsKeys(PushMapping.METRIC_NAME, PushMapping.DIMENSION_NAME);
        }
    }

    private static SqliteJournal journal(Path home) throws Exception {
        return SqliteJournal.open(home.resolve("trapline.db"), () -> JournalSettings.DEFAULT);
    }
}
