package io.trapline.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Category;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// One output against a real receiver, step by step.
class ForwarderTest {
    private static final String NAME = "output/bk";

    @TempDir Path data;
    private final CursorJournal journal = new CursorJournal();
    private final ManualTime time = new ManualTime();
    private int random = 1;
    private Receiver receiver;
    private ForwardDatabase database;
    private Destination destination;

    @SuppressWarnings("NullAway.Init") // restart() sets it
    private Forwarder forwarder;

    @BeforeEach
    void start() throws Exception {
        receiver = new Receiver(_ -> Receiver.PUSH_OK);
        database = ForwardDatabase.open(data.resolve("forward.db"));
        database.start("bk", "life:bk", false);
        restart(push(0, 500_000));
    }

    @AfterEach
    void stop() throws ForwardException {
        receiver.close();
        database.close();
    }

    private PushOutputSettings push(int rate, int maxBatchBytes) {
        return new PushOutputSettings(
                new OutputBasics("bk"),
                receiver.url("/v2/push/"),
                7,
                "secret",
                PushOutputSettings.Type.TIME_SERIES,
                rate,
                maxBatchBytes,
                "me");
    }

    private void restart(OutputSettings settings) throws ForwardException {
        HttpPoster poster =
                new HttpPoster(Duration.ofSeconds(20), true, time.surroundings(1).clock());
        destination =
                switch (settings) {
                    case PushOutputSettings push ->
                            new PushDestination(push, poster, database.names("bk"));
                    case TrapOutputSettings trap -> new TrapDestination(trap, poster);
                    case CoreOutputSettings core -> new CoreDestination(core, poster);
                };
        start(settings);
    }

    private void start(OutputSettings settings) throws ForwardException {
        forwarder =
                new Forwarder(
                        settings,
                        destination,
                        journal.reader(NAME),
                        database,
                        database.cursor("bk").orElseThrow(),
                        SenderLives.begin(
                                database,
                                "bk",
                                database.cursor("bk").orElseThrow(),
                                journal.status().head(),
                                settings.shownAddress(),
                                new Random(random++)),
                        10_000,
                        Duration.ZERO,
                        time.surroundings(1));
    }

    private static Sample sample(String name) {
        return new Sample(name, List.of(new Tag("target", "t" + name)), new SampleValue.Real(1), 1);
    }

    private List<String> bodies() {
        return receiver.requests().stream().map(Receiver.Request::body).toList();
    }

    @Test
    void the_cursor_moves_only_after_the_receiver_has_acknowledged() throws Exception {
        journal.append("push/1", sample("a"));
        AtomicReference<Long> seen = new AtomicReference<>(-1L);
        receiver.behave(_ -> {
            seen.set(journal.committed(NAME));
            return Receiver.PUSH_OK;
        });

        forwarder.step();

        assertThat(seen.get()).isZero();
        assertThat(journal.committed(NAME)).isEqualTo(1);
        assertThat(bodies())
                .containsExactly(
                        "{\"data_id\":7,\"access_token\":\"secret\",\"data\":[{\"metrics\":{\"a\":1.0},"
                                + "\"target\":\"ta\",\"dimension\":{},\"timestamp\":0}]}");
        assertThat(receiver.requests().getFirst().batch())
                .get()
                .asString()
                .matches("life\\.[0-9a-f]{16}:bk:1\\.1");
    }

    @Test
    void frames_without_anything_for_this_output_are_passed_over() throws Exception {
        journal.append("push/1", new Sample("s", List.of(), new SampleValue.Text("x"), 1));
        journal.append("push/1");

        forwarder.step();

        assertThat(journal.committed(NAME)).isEqualTo(2);
        assertThat(receiver.requests()).isEmpty();
        assertThat(forwarder.counts().skipped()).containsEntry(PushMapping.TEXT_VALUE, 1L);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    # status | Retry-After                   | at least s | at most s
                    429      | 7                             | 7          | 8
                    503      | 0                             | 1          | 2
                    503      | Sat, 21 Nov 2026 06:00:40 GMT | 40         | 41
                    503      | 999999                        | 3600       | 3601
                    503      | soon                          | 1          | 2
                    500      |                               | 1          | 2
                    401      |                               | 1          | 2
                    403      |                               | 1          | 2
                    408      |                               | 1          | 2
                    404      |                               | 60         | 61
                    301      |                               | 60         | 61
                    200      |                               | 60         | 61
                    """)
    void what_may_pass_is_tried_again(int status, String retryAfter, int atLeast, int atMost)
            throws Exception {
        journal.append("push/1", sample("a"));
        Receiver.Reply reply = Receiver.Reply.of(status, "<html>no receiver</html>");
        receiver.behave(_ -> retryAfter == null ? reply : reply.after(retryAfter));

        Duration wait = forwarder.step();

        assertThat(wait).isBetween(Duration.ofSeconds(atLeast), Duration.ofSeconds(atMost));
        assertThat(forwarder.step()).isEqualTo(wait);
        assertThat(receiver.requests()).hasSize(1);
        assertThat(forwarder.counts().error()).contains("status " + status);
        assertThat(forwarder.counts().nextTry()).contains(ManualTime.START.plus(wait));
        time.pass(wait);
        receiver.behave(_ -> Receiver.PUSH_OK);
        forwarder.step();

        assertThat(bodies()).hasSize(2).allMatch(bodies().getFirst()::equals);
        assertThat(journal.committed(NAME)).isEqualTo(1);
        assertThat(forwarder.counts().error()).isEmpty();
        assertThat(database.totals("bk").items()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "20"})
    void an_answer_that_is_cut_off_is_none(int bytes) throws Exception {
        journal.append("push/1", sample("a"));
        receiver.behave(_ -> Receiver.PUSH_OK.cutAfter(bytes));

        Duration wait = forwarder.step();

        assertThat(wait).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(2));
        assertThat(journal.committed(NAME)).isZero();
        receiver.behave(_ -> Receiver.PUSH_OK);
        time.pass(wait);
        forwarder.step();
        assertThat(journal.committed(NAME)).isEqualTo(1);
        assertThat(receiver.requests())
                .extracting(Receiver.Request::batch)
                .hasSize(2)
                .containsOnly(receiver.requests().getFirst().batch());
    }

    @Test
    void failures_in_a_row_wait_ever_longer_up_to_five_minutes() throws Exception {
        journal.append("push/1", sample("a"));
        receiver.behave(_ -> Receiver.Reply.of(503, ""));
        Duration before = Duration.ZERO;
        for (int i = 0; i < 8; i++) {
            Duration wait = forwarder.step();
            assertThat(wait).isGreaterThan(before);
            before = wait;
            time.pass(wait);
        }
        for (int i = 0; i < 20; i++) {
            Duration wait = forwarder.step();
            assertThat(wait).isBetween(Duration.ofSeconds(200), Duration.ofMinutes(5));
            time.pass(wait);
        }
    }

    @Test
    void a_refused_item_is_found_and_set_aside_and_the_others_arrive() throws Exception {
        for (String name : List.of("a", "b", "bad", "c", "d", "e")) {
            journal.append("push/1", sample(name));
        }
        receiver.behave(request ->
                request.body().contains("bad")
                        ? Receiver.Reply.of(400, "{\"message\":\"not this one\"}")
                        : Receiver.PUSH_OK);

        for (int i = 0; i < 10; i++) {
            forwarder.step();
        }

        String arrived =
                String.join("", bodies().stream().filter(body -> !body.contains("bad")).toList());
        assertThat(arrived).contains("\"ta\"", "\"tb\"", "\"tc\"", "\"td\"", "\"te\"");
        assertThat(journal.committed(NAME)).isEqualTo(6);
        assertThat(database.aside("bk", false, 10))
                .singleElement()
                .satisfies(aside -> {
                    assertThat(aside.position()).isEqualTo(3);
                    assertThat(aside.status()).isEqualTo(400);
                    assertThat(aside.reason()).isEqualTo("status 400: not this one");
                    assertThat(aside.at()).isEqualTo(ManualTime.START);
                });
    }

    @Test
    void a_receiver_that_names_the_item_saves_the_search() throws Exception {
        for (String name : List.of("a", "b", "bad", "c", "d", "e")) {
            journal.append("push/1", sample(name));
        }
        receiver.behave(request -> {
            int at = request.body().indexOf("bad");
            long index =
                    request.body()
                                    .substring(0, Math.max(0, at))
                                    .chars()
                                    .filter(c -> c == '}')
                                    .count()
                            / 3;
            return at < 0
                    ? Receiver.PUSH_OK
                    : Receiver.Reply.of(400, "{\"message\":\"data[" + index + "].metrics: no\"}");
        });

        for (int i = 0; i < 5; i++) {
            forwarder.step();
        }

        // The whole, what is before, the culprit alone, what is after.
        assertThat(receiver.requests()).hasSize(4);
        assertThat(journal.committed(NAME)).isEqualTo(6);
    }

    @Test
    void what_was_set_aside_can_be_sent_again() throws Exception {
        journal.append("push/1", sample("bad"));
        receiver.behave(_ -> Receiver.Reply.of(400, "{\"message\":\"no\"}"));
        forwarder.step();
        long id = database.aside("bk", false, 1).getFirst().id();

        database.resend("bk", List.of(id), forwarder.againAs());
        forwarder.resendAside();
        forwarder.step();
        assertThat(database.aside("bk", false, 1).getFirst().resend()).isFalse();
        assertThat(receiver.requests()).hasSize(2);
        forwarder.step();
        assertThat(receiver.requests()).hasSize(2);

        receiver.behave(_ -> Receiver.PUSH_OK);
        database.resend("bk", List.of(), forwarder.againAs());
        forwarder.resendAside();
        forwarder.step();

        assertThat(database.totals("bk").items()).isZero();
        assertThat(bodies()).hasSize(3).allMatch(bodies().getFirst()::equals);
        // Its place in the journal is long passed: these have a sequence of their own.
        assertThat(receiver.requests().getLast().batch().orElseThrow()).endsWith("/again:2.0");
    }

    @Test
    void what_is_sent_again_and_gets_no_answer_keeps_its_place_in_the_sequence() throws Exception {
        for (String name : List.of("bad", "worse")) {
            journal.append("push/1", sample(name));
        }
        receiver.behave(_ -> Receiver.Reply.of(400, "{\"message\":\"no\"}"));
        for (int i = 0; i < 5; i++) {
            forwarder.step();
        }
        assertThat(database.totals("bk").items()).isEqualTo(2);

        receiver.behave(_ -> Receiver.PUSH_OK.cutAfter(5));
        database.resend("bk", List.of(), forwarder.againAs());
        forwarder.resendAside();
        forwarder.step();
        receiver.behave(_ -> Receiver.PUSH_OK);
        // Asking again for what waits already changes nothing.
        database.resend("bk", List.of(), forwarder.againAs());
        for (int i = 0; i < 3; i++) {
            forwarder.resendAside();
            forwarder.step();
        }

        assertThat(database.totals("bk").items()).isZero();
        assertThat(
                        receiver.requests().stream()
                                .map(request -> request.batch().orElseThrow())
                                .filter(batch -> batch.contains("/again:"))
                                .map(batch -> batch.substring(batch.indexOf("/again:"))))
                .containsExactly("/again:1.0", "/again:1.0", "/again:2.0");
    }

    @Test
    void beyond_the_cap_the_oldest_is_given_up_and_counted() throws Exception {
        receiver.behave(_ -> Receiver.Reply.of(400, "no"));
        for (int i = 0; i < 8; i++) {
            journal.append(
                    "push/1",
                    new Sample(
                            "bad",
                            List.of(new Tag("target", "x".repeat(2000) + i)),
                            new SampleValue.Real(1),
                            1));
        }
        for (int i = 0; i < 40; i++) {
            forwarder.step();
        }

        ForwardDatabase.Totals totals = database.totals("bk");
        assertThat(totals.bytes()).isLessThanOrEqualTo(10_000);
        assertThat(totals.items()).isEqualTo(4);
        assertThat(totals.lostItems()).isEqualTo(4);
        assertThat(database.aside("bk", false, 10))
                .extracting(AsideItem::position)
                .containsExactly(5L, 6L, 7L, 8L);
    }

    @Test
    void requests_stay_below_the_limit_and_a_larger_item_is_never_sent() throws Exception {
        restart(push(0, 2048));
        for (int i = 0; i < 50; i++) {
            journal.append("push/1", sample("n" + i));
        }
        journal.append(
                "push/1",
                new Sample(
                        "huge",
                        List.of(new Tag("target", "x".repeat(600_000))),
                        new SampleValue.Real(1),
                        1));

        for (int i = 0; i < 20; i++) {
            forwarder.step();
        }

        assertThat(bodies()).hasSizeBetween(2, 6).allMatch(body -> body.length() <= 2048);
        assertThat(journal.committed(NAME)).isEqualTo(51);
        // Beyond the cap by itself.
        assertThat(database.totals("bk").lostItems()).isEqualTo(1);
    }

    @Test
    void requests_keep_the_rate() throws Exception {
        restart(push(60, 500_000));
        journal.append("push/1", sample("a"));
        forwarder.step();
        journal.append("push/1", sample("b"));
        journal.append("push/1", sample("c"));

        assertThat(forwarder.step()).isEqualTo(Duration.ofSeconds(1));
        assertThat(receiver.requests()).hasSize(1);
        time.pass(Duration.ofSeconds(1));
        forwarder.step();
        // What came meanwhile goes together.
        assertThat(receiver.requests()).hasSize(2);
        assertThat(journal.committed(NAME)).isEqualTo(3);
    }

    @Test
    void a_paused_output_sends_nothing_also_after_a_restart() throws Exception {
        journal.append("push/1", sample("a"));
        forwarder.pause();
        forwarder.step();
        restart(push(0, 500_000));
        forwarder.step();
        assertThat(receiver.requests()).isEmpty();

        forwarder.resume();
        forwarder.step();

        assertThat(receiver.requests()).hasSize(1);
    }

    @Test
    void resuming_tries_at_once() throws Exception {
        journal.append("push/1", sample("a"));
        receiver.behave(_ -> Receiver.Reply.of(503, ""));
        forwarder.step();
        receiver.behave(_ -> Receiver.PUSH_OK);

        forwarder.resume();
        forwarder.step();

        assertThat(journal.committed(NAME)).isEqualTo(1);
    }

    @Test
    void a_frame_that_cannot_be_decoded_is_set_aside() throws Exception {
        journal.append(new byte[] {99});
        journal.append("push/1", sample("a"));

        forwarder.step();

        assertThat(database.aside("bk", false, 1).getFirst().reason())
                .contains("cannot be decoded");
        assertThat(journal.committed(NAME)).isEqualTo(2);
    }

    @Test
    void a_trap_gets_documents_and_its_remarks_are_shown() throws Exception {
        restart(
                new TrapOutputSettings(
                        new OutputBasics("bk"),
                        receiver.url("/module/httptrap/u/s"),
                        1 << 20,
                        false));
        long ns = Instant.parse("2026-11-21T00:00:00Z").toEpochMilli() * 1_000_000;
        journal.append(
                "trap/u", new Sample("a", List.of(new Tag("x", "y")), new SampleValue.Real(1), ns));
        journal.append(
                "trap/u", new Sample("b".repeat(2000), List.of(), new SampleValue.Real(2), ns));
        receiver.behave(_ ->
                Receiver.Reply.of(
                        200,
                        "{\"stats\":1,\"filtered\":1,\"error\":\"3 values not stored as sent: a\"}"));

        forwarder.step();

        Receiver.Request request = receiver.requests().getFirst();
        assertThat(request.body())
                .startsWith(
                        "{\"a|ST[x:y]\":{\"_type\":\"n\",\"_value\":1.0,\"_ts\":1795219200000},\"bbb")
                .endsWith("}}");
        assertThat(request.encoding()).contains("gzip");
        String said =
                "3 values not stored as sent: a; 1 filtered by the check; it read 1 of 2 values";
        assertThat(forwarder.counts().notice()).isEqualTo(said);
        assertThat(journal.committed(NAME)).isEqualTo(2);

        // The next answer and a restart change nothing about what was lost.
        time.pass(Duration.ofSeconds(5));
        journal.append("trap/u", new Sample("c", List.of(), new SampleValue.Real(1), ns));
        receiver.behave(_ -> Receiver.TRAP_OK);
        forwarder.step();
        assertThat(database.lost("bk"))
                .containsExactly(
                        dropped(Delivery.Accepted.FILTERED, 1, said),
                        dropped(Delivery.Accepted.UNSEEN, 1, said),
                        dropped(Delivery.Accepted.SAID, 3, said));
        database.close();
        database = ForwardDatabase.open(data.resolve("forward.db"));
        assertThat(database.lost("bk")).hasSize(3);
    }

    private static OutputStatus.Dropped dropped(String reason, long values, String said) {
        return new OutputStatus.Dropped(reason, values, said, ManualTime.START);
    }

    @Test
    void a_trap_that_was_set_aside_and_sent_again_is_counted_too() throws Exception {
        restart(
                new TrapOutputSettings(
                        new OutputBasics("bk"),
                        receiver.url("/module/httptrap/u/s"),
                        1 << 20,
                        false));
        long ns = Instant.parse("2026-11-21T00:00:00Z").toEpochMilli() * 1_000_000;
        journal.append(
                "http/x",
                new Point(
                        Category.METRIC,
                        "m",
                        List.of(),
                        List.of(
                                new Field("a", new FieldValue.Int(1)),
                                new Field("b", new FieldValue.Int(2))),
                        ns));
        receiver.behave(_ -> Receiver.Reply.of(406, "{\"error\":\"no\"}"));
        forwarder.step();
        database.resend("bk", List.of(), forwarder.againAs());
        forwarder.resendAside();
        receiver.behave(_ -> Receiver.Reply.of(200, "{\"stats\":1,\"filtered\":0}"));
        forwarder.step();

        assertThat(database.lost("bk"))
                .containsExactly(dropped(Delivery.Accepted.UNSEEN, 1, "it read 1 of 2 values"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    # what a BlueKing receiver answers with status 200                          | lost | aside
                    {"code":"200","result":"true","message":"success"}                          | 0    | 0
                    {"code":"200","result":"true","message":""}                                 | 0    | 0
                    {"code":200,"result":true}                                                  | 0    | 0
                    {"code":"200","result":"true","message":"2 items dropped: metric disabled"} | 1    | 0
                    {"code":"400","result":"false","message":"data[0].metrics.a: no"}           | 0    | 1
                    """)
    void what_a_push_receiver_says_beside_success_is_kept(String answer, int lost, int aside)
            throws Exception {
        journal.append("push/1", sample("a"));
        receiver.behave(_ -> Receiver.Reply.of(200, answer));

        forwarder.step();

        assertThat(database.lost("bk")).hasSize(lost);
        assertThat(database.totals("bk").items()).isEqualTo(aside);
        assertThat(journal.committed(NAME)).isEqualTo(1);
        if (lost > 0) {
            assertThat(database.lost("bk").getFirst().said())
                    .isEqualTo("2 items dropped: metric disabled");
        }
    }

    @Test
    void a_core_that_read_fewer_frames_than_it_got_is_counted() throws Exception {
        restart(
                new CoreOutputSettings(
                        new OutputBasics("bk"), receiver.url("/v1/batches"), "token", 1 << 20));
        journal.append("push/1", sample("a"));
        journal.append("push/1", sample("b"));
        journal.append("push/1", sample("c"));
        receiver.behave(_ -> Receiver.Reply.of(200, "{\"frames\":2,\"kept\":2}"));

        forwarder.step();

        assertThat(database.lost("bk")).containsExactly(dropped(Delivery.Accepted.UNSEEN, 1, ""));
    }

    @Test
    void what_a_core_passes_over_though_it_was_never_sent_goes_out_under_another_name()
            throws Exception {
        restart(
                new CoreOutputSettings(
                        new OutputBasics("bk"), receiver.url("/v1/batches"), "token", 1 << 20));
        journal.append("push/1", sample("a"));
        journal.append("push/1", sample("b"));
        journal.append("push/1", sample("c"));
        receiver.behave(_ -> Receiver.Reply.of(200, "{\"frames\":3,\"kept\":1}"));
        forwarder.step();
        receiver.behave(_ -> Receiver.Reply.of(200, "{\"frames\":2,\"kept\":2}"));
        assertThat(journal.committed(NAME)).isZero();
        forwarder.step();

        assertThat(receiver.requests()).hasSize(2);
        assertThat(receiver.requests())
                .extracting(Receiver.Request::sender)
                .doesNotHaveDuplicates()
                .allMatch(sender -> sender.matches("life\\.[0-9a-f]{16}:bk"));
        assertThat(journal.committed(NAME)).isEqualTo(3);
    }

    @Test
    void a_core_that_passes_over_everything_is_not_asked_without_rest() throws Exception {
        restart(
                new CoreOutputSettings(
                        new OutputBasics("bk"), receiver.url("/v1/batches"), "token", 1 << 20));
        journal.append("push/1", sample("a"));
        receiver.behave(_ -> Receiver.Reply.of(200, "{\"frames\":1,\"kept\":0}"));

        assertThat(forwarder.step()).isZero();
        assertThat(forwarder.step()).isPositive();

        assertThat(forwarder.counts().error()).contains("1 of 1 frames before", "never sent");
    }

    @Test
    void what_a_life_before_may_have_sent_may_be_there() throws Exception {
        CoreOutputSettings settings =
                new CoreOutputSettings(
                        new OutputBasics("bk"), receiver.url("/v1/batches"), "token", 1 << 20);
        restart(settings);
        journal.append("push/1", sample("a"));
        receiver.behave(_ -> Receiver.Reply.of(503, ""));
        forwarder.step();
        restart(settings);
        receiver.behave(_ -> Receiver.Reply.of(200, "{\"frames\":1,\"kept\":0}"));
        forwarder.step();

        assertThat(receiver.requests())
                .extracting(Receiver.Request::sender)
                .containsOnly(receiver.requests().getFirst().sender());
        assertThat(journal.committed(NAME)).isEqualTo(1);
    }

    @Test
    void names_that_were_given_are_the_same_after_a_restart() throws Exception {
        journal.append("http/x", point("disk_io", "read"), point("disk", "io_read"));
        forwarder.step();
        restart(push(0, 500_000));
        journal.append("http/x", point("disk", "io_read"));
        forwarder.step();

        assertThat(bodies().getFirst()).contains("{\"disk_io_read\":1}", "{\"disk_io_read_2\":1}");
        assertThat(bodies().getLast()).contains("{\"disk_io_read_2\":1}");
        assertThat(forwarder.counts().changed()).isEqualTo(Map.of(PushMapping.METRIC_NAME, 1L));
    }

    private static Point point(String measurement, String field) {
        return new Point(
                Category.METRIC,
                measurement,
                List.of(new Tag("host", "h")),
                List.of(new Field(field, new FieldValue.Int(1))),
                1);
    }

    @Test
    void frames_that_could_not_be_encoded_are_read_again() throws Exception {
        Destination whole = destination;
        AtomicBoolean broken = new AtomicBoolean(true);
        destination =
                new Destination() {
                    @Override
                    public void encode(Selected selected, Encoding out) {
                        whole.encode(selected, out);
                        if (broken.getAndSet(false)) {
                            throw new IllegalStateException("out of order");
                        }
                    }

                    @Override
                    public int maxBytes() {
                        return whole.maxBytes();
                    }

                    @Override
                    public int maxItemBytes() {
                        return whole.maxItemBytes();
                    }

                    @Override
                    public Delivery send(List<Item> items, Sequence sequence)
                            throws InterruptedException {
                        return whole.send(items, sequence);
                    }

                    @Override
                    public void close() {
                        whole.close();
                    }
                };
        start(push(0, 500_000));
        journal.append("http/x", point("a", "b"));
        assertThatThrownBy(() -> forwarder.step()).isInstanceOf(IllegalStateException.class);
        journal.append("http/x", point("c", "d"));
        forwarder.step();

        assertThat(bodies()).singleElement().asString().contains("a_b", "c_d");
        // The names that were given when it failed are kept with the next.
        assertThat(database.names("bk")).hasSize(2);
    }

    @Test
    void an_address_where_nobody_listens_is_tried_again() throws IOException, Exception {
        journal.append("push/1", sample("a"));
        receiver.close();

        assertThat(forwarder.step()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(2));
        assertThat(forwarder.counts().error()).startsWith("the connection was refused");
    }
}
