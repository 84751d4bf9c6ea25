package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.faults.BatchReceiver;
import io.trapline.faults.BatchReceiver.Mood;
import io.trapline.faults.Load;
import io.trapline.faults.Shim;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What breaks underneath breaks nothing above: the packaged program under mixed load, with a
/// fault. Afterwards it is started without the fault, and two answers are held against each other:
/// the clients' own list of what was acknowledged against the store and the receiver, and `trapline
/// verify`.
///
/// `dev/faults` runs the cases that it is told, or all; with the other tests, those that are quick.
class FaultsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long SEED = Long.getLong("trapline.faults.seed", System.nanoTime());
    private static final String WANTED = System.getProperty("trapline.faults", "ci");
    private static final Duration CATCH_UP = Duration.ofMinutes(2);

    @TempDir private Path folder;

    private final Load load = new Load();
    private final Random random = new Random(SEED);
    private BatchReceiver receiver;
    private Path home;
    private @Nullable Path mounted;
    private final List<RunningAgent> started = new ArrayList<>();

    /// What is done to a home under load, and what may come of it.
    interface Course {
        void run(FaultsIT test) throws Exception;
    }

    /// What is to be true afterwards.
    enum End {
        /// Each acknowledged item is in the store and at the receiver once, and `verify` says so.
        WHOLE,
        /// The same, but for a receiver that acknowledged what it did not keep.
        WHOLE_HERE,
        /// What a file held that nobody else had may be gone: then `verify` must not say that all
        /// is well.
        TOLD
    }

    /// @param quick whether it is run with the other tests
    record Case(String name, boolean quick, End end, String what, Course course) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final List<Case> CASES = new ArrayList<>();

    private static void add(String name, boolean quick, End end, String what, Course course) {
        CASES.add(new Case(name, quick, end, what, course));
    }

    static {
        add("kill", true, End.WHOLE, "kill -9 at random moments, three times", FaultsIT::kill);
        for (String call : List.of("sync", "write")) {
            for (String error : List.of("EIO", "ENOSPC")) {
                for (String file : List.of("trapline.db", "store.duckdb", "forward.db")) {
                    boolean quick =
                            (call + error + file).equals("syncEIOtrapline.db")
                                    || (call + error + file).equals("writeENOSPCtrapline.db");
                    add(
                            call + "-" + error.toLowerCase(java.util.Locale.ROOT) + "-" + file,
                            quick,
                            End.WHOLE,
                            "each "
                                    + call
                                    + " of "
                                    + file
                                    + " fails with "
                                    + error
                                    + " for a while, then kill -9",
                            test -> test.failing(call, file, error));
                }
            }
        }
        add(
                "slow-disk",
                false,
                End.WHOLE,
                "each sync of a file in data takes 300 ms",
                test -> test.failing("sync", "/data/", "sleep:300"));
        add(
                "full-disk",
                true,
                End.WHOLE,
                "data on a file system that somebody else fills, and empties again",
                FaultsIT::fullDisk);
        add(
                "small-disk",
                false,
                End.WHOLE,
                "data on a file system of 128 MB, with the output away",
                FaultsIT::smallDisk);
        for (Damage damage : Damage.values()) {
            add(
                    "damaged-" + damage.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'),
                    damage.quick,
                    damage.end,
                    damage.what,
                    test -> test.damaged(damage));
        }
        add(
                "descriptors",
                true,
                End.WHOLE,
                "256 descriptors and 400 idle connections to each listener for a while",
                FaultsIT::descriptors);
        add(
                "memory",
                false,
                End.WHOLE,
                "a memory cgroup (v1) of 700 MiB",
                test -> test.cgroup("memory", "memory.limit_in_bytes", "734003200"));
        add(
                "pids",
                false,
                End.WHOLE,
                "a pids cgroup (v1) of 150 threads",
                test -> test.cgroup("pids", "pids.max", "150"));
        add(
                "clock-ahead",
                false,
                End.WHOLE,
                "one start with the clock 30 days ahead (libfaketime)",
                FaultsIT::clock);
        add(
                "receiver-error-inside",
                true,
                End.WHOLE,
                "the receiver answers 200 with an error inside, and keeps nothing",
                test -> test.receiver(Mood.ERROR_INSIDE));
        add(
                "receiver-keeps-and-cuts",
                true,
                End.WHOLE,
                "the receiver keeps what it gets and cuts the connection",
                test -> test.receiver(Mood.KEEPS_AND_CUTS));
        add(
                "receiver-cuts",
                false,
                End.WHOLE,
                "the receiver cuts the connection",
                test -> test.receiver(Mood.CUTS));
        add(
                "receiver-slow",
                false,
                End.WHOLE,
                "the receiver answers after 35 s, which is longer than the output waits",
                test -> {
                    test.receiver.slowBy(35_000);
                    test.receiver(Mood.SLOW);
                });
        add(
                "receiver-lies",
                false,
                End.WHOLE_HERE,
                "the receiver acknowledges all and keeps nothing",
                test -> test.receiver(Mood.LIES));
    }

    /// Done to a file of a home that was killed.
    private enum Damage {
        NONE(false, End.WHOLE, "nothing but the kill", (_, _) -> {}),
        STORE_DELETED(false, End.TOLD, "store.duckdb deleted", delete("store.duckdb")),
        STORE_WAL_DELETED(false, End.TOLD, "store.duckdb.wal deleted", delete("store.duckdb.wal")),
        STORE_HALF(true, End.TOLD, "store.duckdb cut to half", cut("store.duckdb", 0.5)),
        STORE_EMPTY(false, End.TOLD, "store.duckdb cut to nothing", cut("store.duckdb", 0)),
        STORE_BITS(false, End.TOLD, "20 bits of store.duckdb flipped", flip("store.duckdb", 20)),
        FORWARD_DELETED(true, End.TOLD, "forward.db deleted", delete("forward.db")),
        FORWARD_HALF(true, End.TOLD, "forward.db cut to half", cut("forward.db", 0.5)),
        FORWARD_BITS(false, End.TOLD, "10 bits of forward.db flipped", flip("forward.db", 10)),
        PERIODS_DELETED(false, End.WHOLE, "periods.state deleted", delete("periods.state")),
        PERIODS_BITS(false, End.WHOLE, "2 bits of periods.state", flip("periods.state", 2)),
        LOCK_DELETED(false, End.WHOLE, "agent.lock deleted", delete("agent.lock")),
        LOCK_EMPTY(false, End.WHOLE, "agent.lock cut to nothing", cut("agent.lock", 0)),
        TOKEN_DELETED(false, End.WHOLE, "admin.token deleted", delete("admin.token")),
        TOKEN_EMPTY(false, End.WHOLE, "admin.token cut to nothing", cut("admin.token", 0)),
        JOURNAL_DELETED(false, End.TOLD, "trapline.db deleted", delete("trapline.db")),
        JOURNAL_EMPTY(false, End.TOLD, "trapline.db cut to nothing", cut("trapline.db", 0)),
        JOURNAL_70(false, End.TOLD, "trapline.db cut to 70 %", cut("trapline.db", 0.7)),
        JOURNAL_HALF(true, End.TOLD, "trapline.db cut to half", cut("trapline.db", 0.5)),
        JOURNAL_BIT(false, End.TOLD, "a bit of trapline.db flipped", flip("trapline.db", 1)),
        JOURNAL_BITS(false, End.TOLD, "20 bits of trapline.db flipped", flip("trapline.db", 20)),
        WAL_DELETED(false, End.TOLD, "trapline.db-wal deleted", delete("trapline.db-wal")),
        WAL_EMPTY(false, End.TOLD, "trapline.db-wal cut to nothing", cut("trapline.db-wal", 0)),
        WAL_60(true, End.TOLD, "trapline.db-wal cut to 60 %", cut("trapline.db-wal", 0.6)),
        WAL_BIT(false, End.TOLD, "a bit of trapline.db-wal flipped", flip("trapline.db-wal", 1));

        private final boolean quick;
        private final End end;
        private final String what;

        @SuppressWarnings("ImmutableEnumChecker") // they hold nothing
        private final ByHand byHand;

        private interface ByHand {
            void on(Path data, Random random) throws IOException;
        }

        Damage(boolean quick, End end, String what, ByHand byHand) {
            this.quick = quick;
            this.end = end;
            this.what = what + " after kill -9";
            this.byHand = byHand;
        }

        private static ByHand delete(String file) {
            return (data, _) -> Files.deleteIfExists(data.resolve(file));
        }

        private static ByHand cut(String file, double part) {
            return (data, _) -> {
                if (Files.exists(data.resolve(file))) {
                    try (RandomAccessFile open =
                            new RandomAccessFile(data.resolve(file).toFile(), "rw")) {
                        open.setLength((long) (open.length() * part));
                    }
                }
            };
        }

        private static ByHand flip(String file, int bits) {
            return (data, random) -> {
                if (Files.exists(data.resolve(file)) && Files.size(data.resolve(file)) > 0) {
                    try (RandomAccessFile open =
                            new RandomAccessFile(data.resolve(file).toFile(), "rw")) {
                        for (int i = 0; i < bits; i++) {
                            long at = random.nextLong(open.length());
                            open.seek(at);
                            int was = open.read();
                            open.seek(at);
                            open.write(was ^ 1 << random.nextInt(8));
                        }
                    }
                }
            };
        }
    }

    /// Name and deed of each case.
    static List<String> described() {
        return CASES.stream().map(one -> one.name + ": " + one.what).toList();
    }

    static Stream<Case> cases() {
        Set<String> names = new TreeSet<>(Arrays.asList(WANTED.split("[, ]+")));
        List<String> unknown =
                names.stream()
                        .filter(name -> !name.equals("ci") && !name.equals("all"))
                        .filter(name -> CASES.stream().noneMatch(one -> one.name.equals(name)))
                        .toList();
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "there is no case "
                            + unknown
                            + "; there are:\n"
                            + CASES.stream()
                                    .map(one -> one.name + "  " + one.what)
                                    .collect(Collectors.joining("\n")));
        }
        return CASES.stream()
                .filter(one ->
                        names.contains("all")
                                || names.contains(one.name)
                                || (names.contains("ci") && one.quick));
    }

    @BeforeEach
    void prepare() throws IOException {
        receiver = new BatchReceiver();
        home = RunningAgent.home(folder.resolve("home"));
        Path file = home.resolve("conf.d/trapline.conf");
        Files.writeString(
                file,
                Files.readString(file)
                        + Load.configuration()
                        + """
                        [[outputs.core]]
                        name = "far"
                        url = "%s"
                        token = "token"
                        """
                                .formatted(receiver.url()));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    @AfterEach
    void cleanUp() throws Exception {
        load.close();
        receiver.close();
        // Of a case that failed.
        for (RunningAgent agent : started) {
            agent.kill();
        }
        if (mounted != null) {
            shell("umount", "-l", mounted.toString());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void what_was_acknowledged_is_there_once_after(Case one) throws Exception {
        System.out.printf("faults: %s (%s), seed %d%n", one.name, one.what, SEED);
        one.course.run(this);
        receiver.mood(Mood.WELL);
        check(one);
    }

    private RunningAgent start(Map<String, String> environment, String... before)
            throws IOException, InterruptedException {
        RunningAgent agent = RunningAgent.start(home, environment, before);
        started.add(agent);
        return agent;
    }

    private void write(RunningAgent agent) throws Exception {
        load.begin(agent.address(), agent.coreAddress());
    }

    /// Under load until so many more requests were acknowledged.
    private void until(int more) {
        int enough = load.taken() + more;
        await().atMost(CATCH_UP).until(() -> load.taken() >= enough);
    }

    /// How long a fault lasts: nothing is to happen meanwhile that could be waited for.
    private static void forMillis(long millis) throws InterruptedException {
        Thread.sleep(millis);
    }

    private void kill() throws Exception {
        for (int round = 0; round < 3; round++) {
            RunningAgent agent = start(Map.of());
            write(agent);
            until(20 + random.nextInt(400));
            agent.kill();
            load.end();
        }
    }

    private void failing(String call, String file, String what) throws Exception {
        Shim shim = Shim.compile(folder);
        RunningAgent agent = start(shim.environment());
        write(agent);
        until(50);
        shim.inForce("%s %s %d %s".formatted(call, file, 1 + random.nextInt(20), what));
        forMillis(4000);
        shim.none();
        // It goes on by itself.
        until(50);
        shim.inForce("%s %s %d %s".formatted(call, file, 1 + random.nextInt(20), what));
        forMillis(1500);
        agent.kill();
        load.end();
    }

    /// Data in a file system of its own.
    private Path mount(int megabytes) throws Exception {
        Path data = home.resolve("data");
        Files.createDirectories(data);
        shell(
                "mount",
                "-t",
                "tmpfs",
                "-o",
                "size=" + megabytes + "m,mode=0700",
                "none",
                data.toString());
        mounted = data;
        return data;
    }

    private static void shell(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s: %s (this case needs root)", String.join(" ", command), said)
                .isZero();
    }

    private void fullDisk() throws Exception {
        Path data = mount(300);
        RunningAgent agent = start(Map.of());
        write(agent);
        until(50);
        Path ballast = data.resolve("ballast");
        fill(ballast);
        forMillis(4000);
        Files.delete(ballast);
        until(50);
        fill(ballast);
        forMillis(1000);
        agent.kill();
        load.end();
        Files.delete(ballast);
    }

    private static void fill(Path file) throws IOException {
        try (var out = Files.newOutputStream(file)) {
            byte[] much = new byte[1 << 16];
            while (true) {
                out.write(much);
            }
        } catch (IOException full) {
            // That is what was wanted.
        }
    }

    private void smallDisk() throws Exception {
        Path data = mount(128);
        receiver.mood(Mood.AWAY);
        RunningAgent agent = start(Map.of());
        write(agent);
        forMillis(15_000);
        agent.kill();
        load.end();
        shell("mount", "-o", "remount,size=1g", data.toString());
    }

    private void damaged(Damage damage) throws Exception {
        RunningAgent agent = start(Map.of());
        write(agent);
        until(100);
        receiver.mood(Mood.AWAY);
        until(100 + random.nextInt(200));
        agent.kill();
        load.end();
        damage.byHand.on(home.resolve("data"), random);
    }

    private void descriptors() throws Exception {
        List<Socket> idle = new ArrayList<>();
        RunningAgent agent = start(Map.of(), "bash", "-c", "ulimit -n 256; exec \"$0\" \"$@\"");
        try {
            write(agent);
            until(50);
            for (String address : List.of(agent.address(), agent.coreAddress())) {
                URI uri = URI.create(address);
                // Once the listener takes no more, each costs its time-out.
                for (int i = 0, refused = 0; i < 400 && refused < 10; i++) {
                    try {
                        Socket socket = new Socket();
                        idle.add(socket);
                        socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), 200);
                    } catch (IOException e) {
                        refused++;
                    }
                }
            }
            forMillis(2000);
        } finally {
            for (Socket each : idle) {
                each.close();
            }
        }
        load.end();
        write(agent);
        until(50);
        agent.kill();
        load.end();
    }

    private void cgroup(String controller, String file, String limit) throws Exception {
        Path group = Path.of("/sys/fs/cgroup", controller, "trapline-faults-" + SEED);
        assertThat(group.getParent())
                .as("the v1 controller %s, which this case needs", controller)
                .isDirectory();
        Files.createDirectory(group);
        try {
            Files.writeString(group.resolve(file), limit);
            RunningAgent agent =
                    start(
                            Map.of(),
                            "bash",
                            "-c",
                            "echo $$ > " + group + "/cgroup.procs; exec \"$0\" \"$@\"");
            write(agent);
            until(2000);
            agent.kill();
            load.end();
        } finally {
            await().atMost(Duration.ofSeconds(20)).until(() -> group.toFile().delete());
        }
    }

    private void clock() throws Exception {
        RunningAgent agent = start(Map.of());
        write(agent);
        until(100);
        load.end();
        agent.close();
        // The clock that never jumps is left alone: threads that wait must wake.
        RunningAgent ahead =
                start(Map.of("FAKETIME_DONT_FAKE_MONOTONIC", "1"), "faketime", "-f", "+30d");
        forMillis(5000);
        ahead.kill();
    }

    private void receiver(Mood mood) throws Exception {
        receiver.mood(mood);
        RunningAgent agent = start(Map.of());
        write(agent);
        until(200);
        forMillis(2000);
        agent.kill();
        load.end();
    }

    private void check(Case one) throws Exception {
        try (RunningAgent agent = start(Map.of())) {
            write(agent);
            until(50);
            load.end();
            await().atMost(CATCH_UP)
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> isCaughtUp(agent));
            RunningAgent.Ended verified = RunningAgent.run(home, "verify", "--json");
            Map<Load.Id, Integer> stored = new HashMap<>();
            for (JsonNode row : agent.query(Load.query())) {
                stored.put(
                        new Load.Id(row.get(0).asText(), row.get(1).asLong()), row.get(2).asInt());
            }
            Map<Load.Id, Integer> received = receiver.kept();
            System.out.printf(
                    "faults: %s: %d acknowledged, answers %s, %d stored, %d received, verify %d%n",
                    one.name,
                    load.acknowledged().size(),
                    load.answers(),
                    stored.size(),
                    received.size(),
                    verified.exitCode());
            String said =
                    "case %s, seed %d; verify said %s".formatted(one.name, SEED, brief(verified));
            assertThat(twice(stored)).as("twice in the store: %s", said).isEmpty();
            assertThat(twice(received)).as("twice at the receiver: %s", said).isEmpty();
            Set<Load.Id> missing = missing(stored);
            Set<Load.Id> unsent = missing(received);
            switch (one.end) {
                case WHOLE -> {
                    assertThat(missing).as("missing in the store: %s", said).isEmpty();
                    assertThat(unsent).as("missing at the receiver: %s", said).isEmpty();
                    assertThat(verified.exitCode()).as(said).isZero();
                }
                case WHOLE_HERE -> {
                    assertThat(missing).as("missing in the store: %s", said).isEmpty();
                    assertThat(verified.exitCode()).as(said).isZero();
                }
                case TOLD -> {
                    if (!missing.isEmpty() || !unsent.isEmpty()) {
                        assertThat(verified.exitCode())
                                .as(
                                        "%d are missing in the store and %d at the receiver: %s",
                                        missing.size(), unsent.size(), said)
                                .isEqualTo(1);
                    }
                }
            }
        }
    }

    private static boolean isCaughtUp(RunningAgent agent) throws Exception {
        JsonNode status = agent.status();
        for (JsonNode reader : status.at("/journal/readers")) {
            String name = reader.path("name").asText();
            if (!name.equals("period") && reader.path("lag").asLong() > 0) {
                return false;
            }
        }
        return true;
    }

    private static String brief(RunningAgent.Ended verified) throws IOException {
        if (verified.out().isBlank()) {
            return verified.exitCode() + " " + verified.err();
        }
        JsonNode report = JSON.readTree(verified.out());
        return verified.exitCode() + " " + report.path("findings") + report.path("notes");
    }

    private static Map<Load.Id, Integer> twice(Map<Load.Id, Integer> all) {
        return all.entrySet().stream()
                .filter(each -> each.getValue() > 1)
                .limit(10)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private Set<Load.Id> missing(Map<Load.Id, Integer> there) {
        return load.acknowledged().stream()
                .filter(id -> !there.containsKey(id))
                .collect(Collectors.toSet());
    }
}
