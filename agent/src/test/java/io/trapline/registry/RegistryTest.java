package io.trapline.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.trapline.registry.Held.Origin;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class RegistryTest {
    private static final InstantSource CLOCK =
            InstantSource.fixed(Instant.parse("2026-01-02T03:04:05Z"));
    private static final UUID ID = UUID.fromString("a9856a6a-3b46-e18b-d890-acafaa955348");

    @TempDir Path folder;

    private Registry open() throws RegistryException {
        return Registry.open(folder.resolve("trapline.db"), CLOCK, Duration.ZERO);
    }

    private static Outcome<PushRegistration> add(Registry registry, long dataId)
            throws RegistryException {
        return registry.addPush(
                OptionalLong.of(dataId),
                id -> new PushRegistration(id, "token" + id, PushType.TIME_SERIES));
    }

    @Test
    void is_what_a_map_would_be_and_is_so_again_after_each_opening() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Map<Long, PushRegistration> pushes = new TreeMap<>();
        Map<UUID, Check> checks = new TreeMap<>();
        List<UUID> ids = List.of(ID, new UUID(1, 2), new UUID(-3, 4), new UUID(5, -6));
        Registry registry = open();
        for (int step = 0; step < 400; step++) {
            long dataId = 1L + random.nextInt(6);
            UUID id = ids.get(random.nextInt(ids.size()));
            switch (random.nextInt(9)) {
                case 0, 1 -> {
                    PushRegistration fresh = push(dataId, random);
                    Outcome<PushRegistration> outcome =
                            registry.addPush(OptionalLong.of(dataId), _ -> fresh);
                    assertThat(outcome instanceof Outcome.Done)
                            .as("seed %d", seed)
                            .isEqualTo(pushes.putIfAbsent(dataId, fresh) == null);
                }
                case 2 ->
                        assertThat(registry.removePush(dataId) instanceof Outcome.Done)
                                .as("seed %d", seed)
                                .isEqualTo(pushes.remove(dataId) != null);
                case 3 -> {
                    boolean on = random.nextBoolean();
                    registry.enablePush(dataId, on);
                    pushes.computeIfPresent(dataId, (_, old) -> old.withEnabled(on));
                }
                case 4 -> {
                    if (registry.rotateToken(dataId)
                            instanceof Outcome.Done<PushRegistration>(PushRegistration rotated)) {
                        String old = pushes.put(dataId, rotated).accessToken();
                        assertThat(rotated.accessToken()).isNotEqualTo(old);
                    }
                }
                case 5, 6 -> {
                    Check fresh = check(id, random);
                    assertThat(registry.addCheck(fresh) instanceof Outcome.Done)
                            .as("seed %d", seed)
                            .isEqualTo(checks.putIfAbsent(id, fresh) == null);
                }
                case 7 -> {
                    Optional<List<FilterRule>> rules = rules(random);
                    registry.setFilters(id, rules);
                    checks.computeIfPresent(id, (_, old) -> old.withFilters(rules));
                }
                default -> {
                    registry.removeCheck(id);
                    checks.remove(id);
                }
            }
            if (random.nextInt(40) == 0) {
                registry.close();
                registry = open();
            }
            assertThat(registry.pushes().stream().map(Held::value).toList())
                    .as("seed %d, step %d", seed, step)
                    .isEqualTo(List.copyOf(pushes.values()));
            assertThat(registry.checks().stream().map(Held::value).toList())
                    .as("seed %d, step %d", seed, step)
                    .isEqualTo(List.copyOf(checks.values()));
        }
        registry.close();
    }

    private static PushRegistration push(long dataId, Random random) {
        return new PushRegistration(
                dataId,
                Registry.newAccessToken(),
                "name " + dataId + "'\"",
                random.nextBoolean() ? "" : "label",
                "a\nb",
                random.nextBoolean() ? PushType.EVENT : PushType.TIME_SERIES,
                "v2",
                random.nextInt(-2, 5),
                random.nextInt(-2, 5),
                random.nextBoolean());
    }

    private static Check check(UUID id, Random random) {
        return new Check(
                id,
                Registry.newSecret(),
                "web01 äöü",
                "10.0.0.1",
                Duration.ofSeconds(1 + random.nextInt(300)),
                random.nextBoolean(),
                ".",
                "^https://",
                "|ST[dc:1]",
                random.nextBoolean() ? List.of() : List.of("latency", "size"),
                random.nextBoolean(),
                random.nextInt(3),
                rules(random),
                random.nextBoolean());
    }

    private static Optional<List<FilterRule>> rules(Random random) {
        if (random.nextInt(3) == 0) {
            return Optional.empty();
        }
        return Selection.change(
                random.nextBoolean() ? Optional.empty() : Optional.of(List.of()),
                List.of("a", "b|ST[c:d]"),
                List.of("e" + random.nextInt(3)));
    }

    @Test
    void gives_the_next_free_data_id_when_none_is_asked_for() throws Exception {
        try (Registry registry = open()) {
            add(registry, Registry.FIRST_DATA_ID + 1);
            for (long expected : new long[] {1_500_000, 1_500_002, 1_500_003}) {
                registry.addPush(
                        OptionalLong.empty(), id -> new PushRegistration(id, "t", PushType.EVENT));
                assertThat(registry.push(expected)).isPresent();
            }
        }
    }

    @Test
    void makes_tokens_of_32_hex_digits_and_secrets_of_letters_numbers_and_underscores() {
        assertThat(Registry.newAccessToken())
                .matches("[0-9a-f]{32}")
                .isNotEqualTo(Registry.newAccessToken());
        assertThat(Registry.newSecret())
                .matches("[A-Za-z0-9_]{24}")
                .isNotEqualTo(Registry.newSecret());
    }

    @Test
    void refuses_a_second_registration_with_the_same_name() throws Exception {
        try (Registry registry = open()) {
            for (long id : new long[] {7, 8}) {
                Outcome<PushRegistration> outcome =
                        registry.addPush(
                                OptionalLong.of(id),
                                dataId ->
                                        new PushRegistration(
                                                dataId,
                                                "t",
                                                "mail",
                                                "",
                                                "",
                                                PushType.EVENT,
                                                "v2",
                                                -1,
                                                -1,
                                                true));
                assertThat(outcome instanceof Outcome.Done).isEqualTo(id == 7);
            }
            assertThat(registry.push(8)).isEmpty();
        }
    }

    @Test
    void a_declared_registration_hides_a_registered_one_and_cannot_be_changed() throws Exception {
        try (Registry registry = open()) {
            add(registry, 7);
            registry.addCheck(new Check(ID, "registered", "", ""));
            registry.declare(
                    List.of(
                            new Declared<>(
                                    new PushRegistration(7, "declared", PushType.EVENT),
                                    "conf.d/trapline.conf",
                                    12)),
                    List.of(
                            new Declared<>(
                                    new Check(ID, "declared", "", ""),
                                    "conf.d/trapline.conf",
                                    20)));
            assertThat(registry.push(7).orElseThrow().accessToken()).isEqualTo("declared");
            assertThat(registry.check(ID).orElseThrow().secret()).isEqualTo("declared");
            assertThat(registry.heldPush(7).orElseThrow().origin())
                    .isEqualTo(new Origin.Configuration("conf.d/trapline.conf", 12));
            assertThat(registry.warnings())
                    .containsExactly(
                            "push registration 7 is declared in conf.d/trapline.conf:12 and also"
                                    + " registered; the declared one counts",
                            "check "
                                    + ID
                                    + " is declared in conf.d/trapline.conf:20 and also registered;"
                                    + " the declared one counts");
            assertThat(registry.rotateToken(7))
                    .isEqualTo(new Outcome.DeclaredIn<>("conf.d/trapline.conf", 12));
            assertThat(registry.removePush(7)).isInstanceOf(Outcome.DeclaredIn.class);
            assertThat(registry.select(ID, List.of("a"), List.of()))
                    .isEqualTo(new Outcome.DeclaredIn<>("conf.d/trapline.conf", 20));
            assertThat(add(registry, 7)).isInstanceOf(Outcome.Taken.class);
        }
    }

    @Test
    void a_registered_one_is_back_when_the_configuration_no_longer_declares_it() throws Exception {
        try (Registry registry = open()) {
            add(registry, 7);
            registry.declare(
                    List.of(
                            new Declared<>(
                                    new PushRegistration(7, "declared", PushType.EVENT), "f", 1)),
                    List.of());
            registry.declare(List.of(), List.of());
            assertThat(registry.push(7).orElseThrow().accessToken()).isEqualTo("token7");
            assertThat(registry.warnings()).isEmpty();
        }
    }

    @Test
    void of_two_declarations_with_one_id_the_first_counts() throws Exception {
        try (Registry registry = open()) {
            registry.declare(
                    List.of(
                            new Declared<>(new PushRegistration(7, "a", PushType.EVENT), "f", 1),
                            new Declared<>(new PushRegistration(7, "b", PushType.EVENT), "f", 9)),
                    List.of());
            assertThat(registry.push(7).orElseThrow().accessToken()).isEqualTo("a");
            assertThat(registry.warnings())
                    .containsExactly(
                            "push registration 7 is declared twice; f:1 counts, f:9 does not");
        }
    }

    @Test
    void what_did_not_change_stays_the_same_object() throws Exception {
        try (Registry registry = open()) {
            add(registry, 7);
            registry.addCheck(new Check(ID, "s", "", ""));
            List<Declared<Check>> declared =
                    List.of(new Declared<>(new Check(new UUID(1, 2), "s", "", ""), "f", 1));
            registry.declare(List.of(), declared);
            PushRegistration push = registry.push(7).orElseThrow();
            Check check = registry.check(ID).orElseThrow();
            Check other = registry.check(new UUID(1, 2)).orElseThrow();
            add(registry, 8);
            registry.declare(
                    List.of(),
                    List.of(new Declared<>(new Check(new UUID(1, 2), "s", "", ""), "f", 5)));
            assertThat(registry.push(7).orElseThrow()).isSameAs(push);
            assertThat(registry.check(ID).orElseThrow()).isSameAs(check);
            assertThat(registry.check(new UUID(1, 2)).orElseThrow()).isSameAs(other);
            registry.select(ID, List.of(), List.of("a"));
            assertThat(registry.check(ID).orElseThrow()).isNotSameAs(check);
        }
    }

    @Test
    void nothing_that_is_printed_holds_a_secret() {
        PushRegistration push = new PushRegistration(7, "s3cr3t", PushType.EVENT);
        Check check = new Check(ID, "s3cr3t", "web", "");
        assertThat(push.toString()).doesNotContain("s3cr3t").contains("7");
        assertThat(check.toString()).doesNotContain("s3cr3t").contains("web");
        assertThat(new Held<>(push, new Origin.Configuration("f", 1)).toString())
                .doesNotContain("s3cr3t");
        assertThat(new Outcome.Done<>(check).toString()).doesNotContain("s3cr3t");
    }

    @Test
    void nothing_that_is_logged_holds_a_secret() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger("io.trapline");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Level level = logger.getLevel();
        logger.setLevel(Level.TRACE);
        logger.addAppender(log);
        log.start();
        try (Registry registry = open()) {
            PushRegistration push = new PushRegistration(7, "s3cr3t", PushType.EVENT);
            Check check = new Check(ID, "s3cr3t", "", "");
            registry.addPush(OptionalLong.of(7), _ -> push);
            registry.addCheck(check);
            registry.declare(
                    List.of(new Declared<>(push, "f", 1), new Declared<>(push, "f", 2)),
                    List.of(new Declared<>(check, "f", 3)));
            registry.preview("push/7", 200, "s3cr3t".getBytes(UTF_8), 6, List.of("s3cr3t"));
            registry.removePush(7);
        } finally {
            logger.detachAppender(log);
            logger.setLevel(level);
        }
        assertThat(log.list).hasSize(3);
        assertThat(log.list.stream().map(ILoggingEvent::getFormattedMessage))
                .allSatisfy(line -> assertThat(line).doesNotContain("s3cr3t"));
    }

    @Test
    void the_file_is_its_owners_alone() throws Exception {
        try (Registry registry = open()) {
            add(registry, 7);
            try (var files = Files.list(folder)) {
                assertThat(files)
                        .isNotEmpty()
                        .allSatisfy(file ->
                                assertThat(
                                                PosixFilePermissions.toString(
                                                        Files.getPosixFilePermissions(file)))
                                        .isEqualTo("rw-------"));
            }
        }
    }

    @Test
    void a_registry_of_a_newer_program_is_left_alone() throws Exception {
        open().close();
        try (var other =
                        java.sql.DriverManager.getConnection(
                                "jdbc:sqlite:" + folder.resolve("trapline.db"));
                var statement = other.createStatement()) {
            statement.execute("UPDATE registry_version SET version = 2");
        }
        assertThatThrownBy(this::open)
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining("version 2")
                .hasMessageContaining("newer program");
    }

    @Test
    void readers_see_each_change_whole_and_in_order_while_others_change_it() throws Exception {
        try (Registry registry = open()) {
            add(registry, 7);
            registry.changePush(7, old -> numbered(old, 1));
            AtomicBoolean done = new AtomicBoolean();
            AtomicReference<String> wrong = new AtomicReference<>("");
            Thread reader =
                    Thread.ofPlatform()
                            .start(() -> {
                                int last = 0;
                                while (!done.get()) {
                                    PushRegistration push = registry.push(7).orElseThrow();
                                    int rate = push.rate();
                                    // One change sets both.
                                    if (rate < last || !push.name().equals("n" + rate)) {
                                        wrong.set("after " + last + ": " + push.name());
                                    }
                                    last = rate;
                                }
                            });
            Thread[] writers = new Thread[4];
            for (int i = 0; i < writers.length; i++) {
                long own = 100L + i;
                writers[i] =
                        Thread.ofVirtual()
                                .start(() -> {
                                    try {
                                        add(registry, own);
                                        for (int n = 0; n < 25; n++) {
                                            registry.changePush(
                                                    7, old -> numbered(old, old.rate() + 1));
                                        }
                                    } catch (RegistryException e) {
                                        wrong.set(e.toString());
                                    }
                                });
            }
            for (Thread writer : writers) {
                writer.join();
            }
            done.set(true);
            reader.join();
            assertThat(wrong.get()).isEmpty();
            assertThat(registry.push(7).orElseThrow().rate()).isEqualTo(101);
            assertThat(registry.pushes()).hasSize(5);
        }
    }

    private static PushRegistration numbered(PushRegistration old, int number) {
        return new PushRegistration(
                old.dataId(),
                old.accessToken(),
                "n" + number,
                "",
                "",
                old.type(),
                old.version(),
                number,
                -1,
                true);
    }

    @Test
    void lives_beside_another_writer_of_the_same_file() throws Exception {
        Path file = folder.resolve("trapline.db");
        try (Registry registry = open();
                var other =
                        java.sql.DriverManager.getConnection(
                                "jdbc:sqlite:" + file.toAbsolutePath());
                var statement = other.createStatement()) {
            statement.execute("CREATE TABLE journal(n)");
            statement.execute("BEGIN IMMEDIATE");
            Thread change =
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    add(registry, 7);
                                } catch (RegistryException e) {
                                    throw new IllegalStateException(e);
                                }
                            });
            statement.execute("INSERT INTO journal VALUES (1)");
            assertThat(registry.push(7)).isEmpty();
            statement.execute("COMMIT");
            change.join();
            assertThat(registry.push(7)).isPresent();
        }
    }
}
