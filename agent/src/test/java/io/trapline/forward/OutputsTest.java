package io.trapline.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.trapline.ingest.OnLoopback;
import io.trapline.ingest.PipelineSink;
import io.trapline.ingest.Previews;
import io.trapline.ingest.batches.BatchesHandler;
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
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.net.BoundServer;
import io.trapline.pipeline.BatchCodec;
import io.trapline.pipeline.BatchFrames;
import io.trapline.pipeline.GlobalTags;
import io.trapline.pipeline.Pipeline;
import io.trapline.pipeline.PipelineSettings;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Outputs as they run in an agent: with threads, real journals and a real core.
class OutputsTest {
    private static final List<Tag> HOST = List.of(new Tag("host", "h"));

    @TempDir Path agent;
    @TempDir Path core;

    private static Outputs.Surroundings surroundings() {
        return new Outputs.Surroundings(InstantSource.system(), System::nanoTime, new Random(1));
    }

    private static SqliteJournal journal(Path home) throws Exception {
        return SqliteJournal.open(home.resolve("trapline.db"), () -> JournalSettings.DEFAULT);
    }

    private static ForwardSettings settings(OutputSettings... outputs) {
        return new ForwardSettings(List.of(outputs), 1 << 20);
    }

    private static Batch batch(int number) {
        Entry metric =
                new Point(
                        Category.METRIC,
                        "m" + number,
                        HOST,
                        List.of(new Field("f", new FieldValue.UInt(-1))),
                        number);
        Entry log = new Point(Category.LOGGING, "l", HOST, List.of(), number);
        Entry run = new Run("i", "c", 1, 1, 1, Run.Outcome.OK, 1, "");
        return new Batch("pythond/i/c", number, List.of(metric, log, run));
    }

    private static List<Batch> batches(SqliteJournal journal, int count) throws Exception {
        List<Batch> batches = new ArrayList<>();
        var reader = journal.reader("test");
        while (batches.size() < count) {
            reader.read(1 << 20, Duration.ofSeconds(20))
                    .forEach(frame -> batches.add(BatchCodec.decode(frame.bytes())));
        }
        assertThat(reader.read(1 << 20, Duration.ZERO)).isEmpty();
        return batches;
    }

    @Test
    void a_core_gets_everything_as_it_is_and_once_whatever_is_cut_off() throws Exception {
        try (SqliteJournal mine = journal(agent);
                SqliteJournal theirs = journal(core)) {
            AtomicInteger asked = new AtomicInteger();
            BatchesHandler handler = new BatchesHandler(theirs, () -> "secret");
            BoundServer server = OnLoopback.open(handler);
            String real = "http://127.0.0.1:" + server.port() + "/v1/batches";
            // Every third answer is lost after the core has kept the batches.
            try (HalfWay between =
                    new HalfWay(URI.create(real), () -> asked.incrementAndGet() % 3 == 1)) {
                List<Batch> expected = new ArrayList<>();
                for (int i = 1; i <= 300; i++) {
                    expected.add(batch(i));
                    mine.append(BatchCodec.encode(batch(i)));
                }
                CoreOutputSettings output =
                        new CoreOutputSettings(
                                new OutputBasics("core"), between.url(), "secret", 4096);
                for (int life = 0; life < 3; life++) {
                    try (Outputs outputs = Outputs.open(agent, mine, surroundings())) {
                        outputs.apply(settings(output));
                        int atLeast = asked.get() + 4;
                        await().atMost(Duration.ofSeconds(30))
                                .until(() ->
                                        asked.get() >= atLeast
                                                || outputs.status().getFirst().lag() == 0);
                        outputs.resume("core");
                    }
                }
                try (Outputs outputs = Outputs.open(agent, mine, surroundings())) {
                    outputs.apply(settings(output));
                    await().atMost(Duration.ofSeconds(60))
                            .until(() -> {
                                outputs.resume("core");
                                return outputs.status().getFirst().lag() == 0;
                            });
                }
                assertThat(batches(theirs, 300)).isEqualTo(expected);
            } finally {
                server.close();
            }
        }
    }

    @Test
    void a_core_says_what_it_passed_over_and_keeps_nothing_that_would_be_passed_over_wrongly()
            throws Exception {
        try (SqliteJournal theirs = journal(core)) {
            BoundServer server = OnLoopback.open(new BatchesHandler(theirs, () -> "secret"));
            try {
                assertThat(post(server, 1, 3))
                        .isEqualTo(
                                "200 {'frames':3,'kept':3,'journal':'" + theirs.identity() + "'}");
                assertThat(post(server, 2, 5))
                        .startsWith("200 {'frames':4,'kept':2,")
                        .contains("'passed_over':{")
                        .contains("'frames':2")
                        .contains("'first':2")
                        .contains("'last':3");
                assertThat(post(server, 5, 6, "X-Trapline-New-From", "5"))
                        .startsWith("409 {'frames':2,'kept':0,")
                        .contains("'known':5,'checksum':");
                assertThat(post(server, 6, 6, "X-Trapline-New-From", "6")).startsWith("200 ");
                String known = theirs.identity();
                assertThat(post(server, 9, 9, "X-Trapline-Acknowledged", "s:0-8@" + known))
                        .startsWith("409 ")
                        .contains("'missing':[{", "'after':6", "'up_to':8");
                // What went into another journal, and what cannot be read, says nothing.
                assertThat(post(server, 9, 9, "X-Trapline-Acknowledged", "s:0-8@x ?"))
                        .startsWith("200 ");
                assertThat(theirs.status().head()).isEqualTo(7);
            } finally {
                server.close();
            }
        }
    }

    private static String post(BoundServer server, int first, int last, String... headers)
            throws Exception {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(BatchFrames.head());
        for (int i = first; i <= last; i++) {
            body.writeBytes(BatchFrames.frame(i, BatchCodec.encode(batch(i))));
        }
        HttpRequest.Builder request =
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + server.port() + "/v1/batches"))
                        .header("Authorization", "Bearer secret")
                        .header("X-Trapline-Sender", "s")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer =
                    client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() + " " + answer.body().replace('"', '\'');
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cut", "empty", "garbage", "folder", "gone", "garbage in its log"})
    void a_database_that_cannot_be_used_costs_no_more_than_frames_that_arrive_twice(String damage)
            throws Exception {
        try (SqliteJournal mine = journal(agent);
                SqliteJournal theirs = journal(core)) {
            BoundServer server = OnLoopback.open(new BatchesHandler(theirs, () -> "secret"));
            try {
                CoreOutputSettings output =
                        new CoreOutputSettings(
                                new OutputBasics("core"),
                                URI.create("http://127.0.0.1:" + server.port() + "/v1/batches"),
                                "secret",
                                4096);
                for (int i = 1; i <= 50; i++) {
                    mine.append(BatchCodec.encode(batch(i)));
                }
                deliver(mine, output);
                Path file = agent.resolve("forward.db");
                byte[] bytes = Files.readAllBytes(file);
                switch (damage) {
                    case "cut" -> Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
                    case "empty" -> Files.write(file, new byte[0]);
                    case "garbage" -> {
                        new Random(3).nextBytes(bytes);
                        Files.write(file, bytes);
                    }
                    case "folder" -> {
                        Files.delete(file);
                        Files.createDirectories(file.resolve("inside"));
                    }
                    case "gone" -> Files.delete(file);
                    default -> Files.createDirectories(agent.resolve("forward.db-wal/inside"));
                }
                for (int i = 51; i <= 60; i++) {
                    mine.append(BatchCodec.encode(batch(i)));
                }
                List<String> notices = deliver(mine, output);

                List<Batch> arrived = new ArrayList<>(batches(theirs, 60));
                assertThat(arrived).hasSize(60).doesNotHaveDuplicates();
                if (damage.equals("gone")) {
                    assertThat(notices).isEmpty();
                } else {
                    assertThat(notices)
                            .singleElement()
                            .asString()
                            .contains(file.toString(), "moved aside to", ".damaged-");
                }
            } finally {
                server.close();
            }
        }
    }

    private List<String> deliver(SqliteJournal from, OutputSettings output) throws Exception {
        try (Outputs outputs = Outputs.open(agent, from, surroundings())) {
            outputs.apply(settings(output));
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> outputs.status().getFirst().lag() == 0);
            return outputs.notices();
        }
    }

    @Test
    void a_core_gets_only_what_is_selected() throws Exception {
        try (SqliteJournal mine = journal(agent);
                SqliteJournal theirs = journal(core);
                Outputs outputs = Outputs.open(agent, mine, surroundings())) {
            BoundServer server = OnLoopback.open(new BatchesHandler(theirs, () -> "secret"));
            try {
                mine.append(BatchCodec.encode(batch(1)));
                Selector logs =
                        new Selector(List.of(), List.of(), List.of("logging"), List.of(), Map.of());
                OutputBasics basics =
                        new OutputBasics(
                                "core",
                                true,
                                new Selection(List.of(logs), List.of()),
                                Duration.ofSeconds(20),
                                true,
                                Optional.empty());
                URI url = URI.create("http://127.0.0.1:" + server.port() + "/v1/batches");
                outputs.apply(settings(new CoreOutputSettings(basics, url, "secret", 4096)));

                assertThat(batches(theirs, 1))
                        .containsExactly(
                                new Batch("pythond/i/c", 1, List.of(batch(1).entries().get(1))));
            } finally {
                server.close();
            }
        }
    }

    @Test
    void a_core_without_the_right_token_takes_nothing() throws Exception {
        try (SqliteJournal theirs = journal(core);
                HttpPoster poster =
                        new HttpPoster(Duration.ofSeconds(20), true, InstantSource.system())) {
            String[] token = {""};
            BoundServer server = OnLoopback.open(new BatchesHandler(theirs, () -> token[0]));
            try {
                URI url = URI.create("http://127.0.0.1:" + server.port() + "/v1/batches");
                assertThat(poster.post(url, Map.of(), new byte[0]).status()).isEqualTo(403);
                token[0] = "secret";
                assertThat(poster.post(url, Map.of(), new byte[0]).status()).isEqualTo(401);
                assertThat(poster.post(url, bearer("other"), new byte[0]).status()).isEqualTo(401);
                HttpAnswer noFrames =
                        poster.post(url, bearer("secret"), "x".getBytes(StandardCharsets.UTF_8));
                assertThat(noFrames.status()).isEqualTo(400);
                assertThat(noFrames.message()).contains("TRAPLB1");
                assertThat(theirs.status().head()).isZero();
            } finally {
                server.close();
            }
        }
    }

    @Test
    void a_core_refuses_frames_that_no_agent_writes_and_keeps_none_of_a_request() throws Exception {
        byte[] good = BatchCodec.encode(batch(1));
        byte[] head = BatchCodec.encode(new Batch("s", 0, List.of()));
        head[head.length - 4] = (byte) 0x81; // one entry
        byte[] point = {1, 0, 0, 1, 'm', 0, 1, 0, 1, 'f'};
        byte[] nested = new byte[1 << 20];
        for (int i = 0; i < nested.length; i += 2) {
            nested[i] = 9; // an array
            nested[i + 1] = 1; // of one value
        }
        byte[] textAsInteger = {2, 0, 1, 'm', 0, 5, 3, 2, 0};
        try (SqliteJournal theirs = journal(core);
                HttpPoster poster =
                        new HttpPoster(Duration.ofSeconds(20), true, InstantSource.system())) {
            BoundServer server = OnLoopback.open(new BatchesHandler(theirs, () -> "secret"));
            try {
                URI url = URI.create("http://127.0.0.1:" + server.port() + "/v1/batches");
                for (byte[] bad :
                        List.of(
                                joined(head, point, nested),
                                joined(head, textAsInteger),
                                joined(good, new byte[1]),
                                Arrays.copyOf(good, good.length - 1))) {
                    byte[] body =
                            joined(
                                    BatchFrames.head(),
                                    BatchFrames.frame(1, good),
                                    BatchFrames.frame(2, bad));
                    HttpAnswer answer = poster.post(url, bearer("secret"), body);
                    assertThat(answer.status()).isEqualTo(400);
                    assertThat(answer.message()).contains("frame[1]: this core cannot read it");
                    assertThat(theirs.status().head()).isZero();
                }
            } finally {
                server.close();
            }
        }
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    @Test
    void a_push_that_is_sent_again_after_a_lost_answer_is_kept_once() throws Exception {
        try (SqliteJournal theirs = journal(core);
                HttpPoster poster =
                        new HttpPoster(Duration.ofSeconds(20), true, InstantSource.system())) {
            Pipeline pipeline =
                    new Pipeline(
                            theirs,
                            new GlobalTags(PipelineSettings.DEFAULT, "h", GlobalTags.Changes.NONE),
                            () -> false,
                            InstantSource.system());
            PushDecoder decoder =
                    new PushDecoder(
                            id ->
                                    Optional.of(
                                            new PushRegistration(
                                                    id, "t", "time_series", "v2", 0, -1, true)),
                            PushLimits.DEFAULT,
                            InstantSource.system(),
                            System::nanoTime);
            PushHandler handler =
                    new PushHandler(
                            decoder,
                            new PipelineSink(pipeline),
                            PushLimits.DEFAULT,
                            System::nanoTime,
                            Previews.NONE);
            BoundServer server = OnLoopback.open(handler);
            try {
                URI url = URI.create("http://127.0.0.1:" + server.port() + "/v2/push/");
                String item = "[{\"metrics\":{\"a\":1},\"target\":\"t\"}]}";
                byte[] seven =
                        ("{\"data_id\":7,\"access_token\":\"t\",\"data\":" + item)
                                .getBytes(StandardCharsets.UTF_8);
                byte[] eight =
                        ("{\"data_id\":8,\"access_token\":\"t\",\"data\":" + item)
                                .getBytes(StandardCharsets.UTF_8);
                Map<String, String> first = Map.of("X-Trapline-Batch", "life:o:5.2");
                Map<String, String> next = Map.of("X-Trapline-Batch", "life:o:5.3");
                for (var headers : List.of(first, first, next, first, Map.<String, String>of())) {
                    assertThat(poster.post(url, headers, seven).status()).isEqualTo(200);
                }
                // Another data_id has sequences of its own.
                assertThat(poster.post(url, first, eight).status()).isEqualTo(200);

                assertThat(batches(theirs, 4))
                        .extracting(Batch::source)
                        .containsExactly("push/7", "push/7", "push/7", "push/8");
            } finally {
                server.close();
            }
        }
    }

    private static Map<String, String> bearer(String token) {
        return Map.of("Authorization", "Bearer " + token);
    }

    @Test
    void outputs_come_change_and_go_with_the_configuration() throws Exception {
        CursorJournal journal = new CursorJournal();
        try (Receiver first = new Receiver(_ -> Receiver.PUSH_OK);
                Receiver second = new Receiver(_ -> Receiver.PUSH_OK);
                Outputs outputs = Outputs.open(agent, journal, surroundings())) {
            journal.append("push/1", sample("a"));
            outputs.apply(settings(push("x", first)));
            await().atMost(Duration.ofSeconds(20)).until(() -> journal.committed("output/x") == 1);
            Optional<String> life = first.requests().getFirst().batch();

            // Changed: it goes on where it was.
            outputs.apply(settings(push("x", second), push("y", second)));
            journal.append("push/1", sample("b"));
            await().atMost(Duration.ofSeconds(20))
                    .until(() ->
                            journal.committed("output/x") == 2
                                    && journal.committed("output/y") == 2);
            assertThat(first.requests()).hasSize(1);
            assertThat(outputs.status())
                    .extracting(OutputStatus::name, OutputStatus::state)
                    .containsExactly(tuple("x", "running"), tuple("y", "running"));

            // Gone: its cursor keeps nothing any more, and a later one is a new sequence.
            outputs.apply(settings());
            assertThat(journal.status().readers()).isEmpty();
            assertThat(outputs.status()).isEmpty();
            outputs.apply(settings(push("x", first)));
            await().atMost(Duration.ofSeconds(20)).until(() -> journal.committed("output/x") == 2);
            assertThat(first.requests().getLast().batch()).isNotEqualTo(life);
            assertThat(first.requests().getLast().batch().orElseThrow()).endsWith(":x:2.1");
        }
    }

    private static Sample sample(String name) {
        return new Sample(name, HOST, new SampleValue.Real(1), 1);
    }

    private static PushOutputSettings push(String name, Receiver receiver) {
        return new PushOutputSettings(
                new OutputBasics(name),
                receiver.url("/v2/push/"),
                1,
                "t",
                PushOutputSettings.Type.TIME_SERIES,
                0,
                500_000,
                "me");
    }
}
