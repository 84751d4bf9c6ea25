package io.trapline.store.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trapline.model.Batch;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.store.LocalStore;
import io.trapline.store.MemoryJournal;
import io.trapline.store.QueryException;
import io.trapline.store.QueryResult;
import io.trapline.store.Statements;
import io.trapline.store.Store.Asker;
import io.trapline.store.StoreSettings;
import io.trapline.store.StoreStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With real host processes.
class HostedStoreTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long NOW_NS = System.currentTimeMillis() * 1_000_000;
    private static final String ENDLESS =
            "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c";

    @TempDir Path directory;
    private final MemoryJournal journal = new MemoryJournal();
    private volatile StoreSettings settings = new StoreSettings(Duration.ofDays(7), 64L << 20);
    private @Nullable HostedStore open;

    private HostedStore store() {
        HostedStore store = open;
        if (store == null) {
            store =
                    HostedStore.open(
                            directory,
                            () -> settings,
                            journal,
                            HostCommand.ofThisProgram(
                                    Path.of(System.getProperty("java.home"), "bin", "java"),
                                    Optional.empty()));
            open = store;
        }
        return store;
    }

    @AfterEach
    void close() {
        if (open != null) {
            open.close();
        }
    }

    private void accept(double... values) {
        for (double value : values) {
            journal.append(
                    new Batch(
                            "x",
                            NOW_NS,
                            List.of(
                                    new Sample(
                                            "a", List.of(), new SampleValue.Real(value), NOW_NS))));
        }
    }

    private List<List<@Nullable Object>> rows(String sql) throws Exception {
        assertThat(store().catchUp(PATIENCE)).as("caught up: %s", store().status()).isTrue();
        return store().query(sql, PATIENCE).rows();
    }

    private static long killHosts() {
        return ProcessHandle.current()
                .children()
                .filter(child -> isHost(child))
                .filter(ProcessHandle::destroyForcibly)
                .count();
    }

    private static boolean isHost(ProcessHandle process) {
        // The whole command line is longer than the JDK reads of it; nothing else here starts a
        // JVM.
        return process.info().command().orElse("").endsWith("/java");
    }

    @Test
    void what_the_journal_has_can_be_queried() throws Exception {
        accept(1, 2, 3);
        assertThat(rows("SELECT value FROM metrics ORDER BY value"))
                .containsExactly(List.of(1.0), List.of(2.0), List.of(3.0));
        StoreStatus status = store().status();
        assertThat(status.state()).isEqualTo(StoreStatus.State.RUNNING);
        assertThat(status.samples()).isEqualTo(3);
        assertThat(status.lag()).isZero();
        assertThat(status.bytes()).isPositive();
        assertThat(status.oldest()).contains(Instant.ofEpochMilli(NOW_NS / 1_000_000));
    }

    @Test
    void a_host_that_is_killed_loses_and_doubles_nothing() throws Exception {
        accept(1, 2);
        assertThat(rows("SELECT count(*) FROM metrics")).containsExactly(List.of(2L));
        for (int i = 0; i < 3; i++) {
            assertThat(killHosts()).isEqualTo(1);
            accept(3 + i);
            assertThat(rows("SELECT value FROM metrics ORDER BY value")).hasSize(3 + i);
        }
        assertThat(rows("SELECT value FROM metrics ORDER BY value"))
                .containsExactly(
                        List.of(1.0), List.of(2.0), List.of(3.0), List.of(4.0), List.of(5.0));
    }

    @Test
    void a_statement_that_takes_too_much_memory_ends_with_the_host_and_is_named() throws Exception {
        accept(1);
        assertThat(rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
        assertThatThrownBy(() ->
                        store().query(
                                        "WITH t AS (SELECT list(i) AS l FROM range(3000) r(i))"
                                                + " SELECT len(list_transform(l, lambda a:"
                                                + " list_transform(l, lambda b:"
                                                + " list_transform(l, lambda c: c)))) FROM t",
                                        PATIENCE))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining("MiB are the limit");
        accept(2);
        assertThat(rows("SELECT count(*) FROM metrics")).containsExactly(List.of(2L));
    }

    @Test
    void the_product_is_answered_while_people_have_all_their_places() throws Exception {
        accept(1);
        assertThat(rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
        AtomicBoolean enough = new AtomicBoolean();
        int places = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
        List<CompletableFuture<String>> people =
                IntStream.range(0, places)
                        .mapToObj(_ -> CompletableFuture.supplyAsync(() -> endless(enough)))
                        .toList();
        assertThat(
                        store().query(
                                        "SELECT count(*) FROM metrics",
                                        PATIENCE,
                                        Asker.PRODUCT,
                                        () -> false)
                                .rows())
                .containsExactly(List.of(1L));
        accept(2);
        assertThat(store().catchUp(PATIENCE)).isTrue();
        enough.set(true);
        for (CompletableFuture<String> one : people) {
            assertThat(one.get(60, TimeUnit.SECONDS)).isEqualTo("the query was cancelled");
        }
    }

    private String endless(AtomicBoolean enough) {
        try {
            return store().query(ENDLESS, PATIENCE, Asker.PEOPLE, enough::get).toString();
        } catch (QueryException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void a_statement_that_outlasts_its_time_is_ended_and_the_time_counts_from_the_request()
            throws Exception {
        // The store is not open yet: waiting for it counts.
        assertThatThrownBy(() -> store().query("SELECT 1", Duration.ZERO))
                .hasMessageStartingWith("the store is not open (yet)");
        assertThat(rows("SELECT 1")).hasSize(1);
        assertThatThrownBy(() -> store().query(ENDLESS, Duration.ofMillis(1500)))
                .hasMessageStartingWith("the query was ended after 1.5 s");
    }

    private static long host() {
        return ProcessHandle.current()
                .children()
                .filter(HostedStoreTest::isHost)
                .mapToLong(ProcessHandle::pid)
                .findFirst()
                .orElse(0);
    }

    private static void signal(String signal, long process) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + signal, "" + process).start().waitFor())
                .isZero();
    }

    @Test
    void a_host_that_is_still_opening_is_not_ended_for_a_question_that_has_no_time_left()
            throws Exception {
        HostedStore store = store();
        await().pollInterval(Duration.ofMillis(1)).until(() -> host() != 0);
        long opening = host();
        signal("STOP", opening);
        assertThat(store.status().state()).isEqualTo(StoreStatus.State.OPENING);
        for (Asker asker : Asker.values()) {
            assertThatThrownBy(() ->
                            store.query("SELECT 1", Duration.ofMillis(300), asker, () -> false))
                    .isInstanceOfSatisfying(
                            QueryException.class,
                            e -> assertThat(e.reason()).isEqualTo(QueryException.Reason.NOT_OPEN));
        }
        signal("CONT", opening);
        assertThat(rows("SELECT 1")).hasSize(1);
        assertThat(host()).isEqualTo(opening);
    }

    @Test
    void a_host_that_is_stopped_is_replaced_and_no_statement_is_blamed() throws Exception {
        accept(1);
        assertThat(rows("SELECT value FROM metrics")).containsExactly(List.of(1.0));
        long stopped = host();
        signal("STOP", stopped);
        assertThatThrownBy(() -> store().query("SELECT 1", Duration.ofMillis(300)))
                .isInstanceOfSatisfying(
                        QueryException.class,
                        e -> {
                            assertThat(e.reason()).isEqualTo(QueryException.Reason.NOT_OPEN);
                            assertThat(e).hasMessageContaining("does not answer");
                        });
        accept(2);
        assertThat(rows("SELECT value FROM metrics ORDER BY value"))
                .containsExactly(List.of(1.0), List.of(2.0));
        assertThat(host()).isNotEqualTo(stopped);
    }

    @Test
    void a_host_that_is_stopped_while_nobody_asks_is_told_and_replaced() throws Exception {
        accept(1);
        assertThat(rows("SELECT value FROM metrics")).containsExactly(List.of(1.0));
        long stopped = host();
        signal("STOP", stopped);
        await().atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(store().status().error()).contains("has not answered for"));
        await().atMost(PATIENCE).until(() -> host() != 0 && host() != stopped);
        assertThat(rows("SELECT value FROM metrics")).containsExactly(List.of(1.0));
    }

    /// A process that fell would take everybody's next statement with it.
    @Test
    void no_small_statement_ends_the_host() throws Exception {
        accept(1);
        assertThat(rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
        long before = hostPid();
        for (String sql : Statements.tooDeepOrWide().toList()) {
            assertThatThrownBy(() -> store().query(sql, PATIENCE))
                    .as(sql)
                    .isInstanceOf(QueryException.class)
                    .hasMessageStartingWith("the statement ");
        }
        // As deep as is taken, of the shapes that take most of the stack.
        for (String sql : Statements.asDeepAsTaken().toList()) {
            assertThat(store().query(sql, PATIENCE).rows()).as(sql).isNotEmpty();
        }
        assertThat(hostPid()).isEqualTo(before);
    }

    private static long hostPid() {
        return ProcessHandle.current()
                .children()
                .filter(HostedStoreTest::isHost)
                .findFirst()
                .orElseThrow()
                .pid();
    }

    @Test
    void a_cell_of_each_type_arrives_as_it_left() throws Exception {
        String sql =
                "SELECT true, 7, 0.1::DOUBLE, 170141183460469231731687303715884105727, 1.10, 'ü€😀',"
                        + " NULL, [1, NULL], MAP {'a': 1}, {'b': [2.5]}, 'NaN'::DOUBLE,"
                        + " TIMESTAMP '2026-11-21 04:40:00.123456', 'abc'::BLOB,"
                        + " '{\"x\": [1, 2.50]}'::JSON";
        try (LocalStore local =
                LocalStore.open(
                        directory.resolve("local"),
                        () -> settings,
                        new MemoryJournal(),
                        InstantSource.system())) {
            QueryResult here = local.query(sql, PATIENCE);
            QueryResult there = store().query(sql, PATIENCE);
            assertThat(there).isEqualTo(here);
            // Equal numbers of another type would be shown otherwise.
            assertThat(types(there)).isEqualTo(types(here));
        }
    }

    private static List<Class<?>> types(QueryResult result) {
        return result.rows().getFirst().stream()
                .<Class<?>>map(cell -> cell == null ? Void.class : cell.getClass())
                .map(type -> List.class.isAssignableFrom(type) ? List.class : type)
                .map(type -> Map.class.isAssignableFrom(type) ? Map.class : type)
                .toList();
    }

    @Test
    void a_store_opens_again_with_what_it_had() throws Exception {
        accept(1);
        assertThat(rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
        store().close();
        open = null;
        accept(2);
        assertThat(rows("SELECT count(*) FROM metrics")).containsExactly(List.of(2L));
    }

    @Test
    void the_native_library_leaves_nothing_behind() throws Exception {
        assertThat(rows("SELECT 1")).hasSize(1);
        await().atMost(PATIENCE)
                .untilAsserted(() -> {
                    try (var files = Files.list(directory.resolve("native/store-host"))) {
                        assertThat(files).isEmpty();
                    }
                });
    }

    @Test
    void a_changed_retention_reaches_the_host() throws Exception {
        accept(1);
        assertThat(rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
        settings = new StoreSettings(Duration.ofSeconds(1), 64L << 20);
        await().atMost(PATIENCE)
                .until(() -> retained() > 0 || rows("SELECT 1 FROM metrics").isEmpty());
    }

    private long retained() throws InterruptedException {
        try {
            return store().retain().get();
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_closed_store_says_so() throws Exception {
        assertThat(rows("SELECT 1")).hasSize(1);
        store().close();
        assertThat(store().status().state()).isEqualTo(StoreStatus.State.CLOSED);
        assertThatThrownBy(() -> store().query("SELECT 1", PATIENCE))
                .isInstanceOf(QueryException.class);
        assertThat(ProcessHandle.current().children().filter(HostedStoreTest::isHost)).isEmpty();
    }
}
