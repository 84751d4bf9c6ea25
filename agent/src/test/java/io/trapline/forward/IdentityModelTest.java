package io.trapline.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.ingest.OnLoopback;
import io.trapline.ingest.batches.BatchesHandler;
import io.trapline.journal.Journal;
import io.trapline.journal.JournalReader;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.SqliteJournal;
import io.trapline.model.Batch;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.net.BoundServer;
import io.trapline.pipeline.BatchCodec;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Hosts that are killed, put back to a snapshot and cloned, and a core that is killed and put
/// back, over a connection that loses requests and answers: whatever a host has in its last state
/// is in the core once, but for what the core lost and the host had no more, which is said.
///
/// Journals, databases, the core's door and HTTP are the real ones; a kill is a copy of the files
/// as they are.
class IdentityModelTest {
    private static final String READER = "output/core";

    @TempDir Path temp;

    private final ManualTime time = new ManualTime();
    private int folders;
    private int frames;
    private long said;

    /// More of them with `-Dtrapline.seeds=500`, one alone with `-Dtrapline.seed=17`.
    static LongStream seeds() {
        long one = Long.getLong("trapline.seed", 0);
        if (one > 0) {
            return LongStream.of(one);
        }
        return LongStream.rangeClosed(1, Long.getLong("trapline.seeds", 6));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void what_a_host_has_is_in_the_core_once(long seed) throws Exception {
        Random random = new Random(seed);
        // A clone that has trimmed what the other still has can pass over it with a core that was
        // put back: not both.
        boolean clones = seed % 2 == 0;
        try (Core core = new Core()) {
            List<Host> hosts = new ArrayList<>(List.of(new Host(folder(), random, core.url())));
            @Nullable Path snapshot = null;
            Set<Integer> inSnapshot = Set.of();
            for (int round = 0; round < 160; round++) {
                Host host = hosts.get(random.nextInt(hosts.size()));
                switch (random.nextInt(24)) {
                    case 0, 1, 2, 3, 4, 5 -> host.append(1 + random.nextInt(4));
                    case 6 -> host.killed();
                    case 7 -> {
                        snapshot = host.copy();
                        inSnapshot = Set.copyOf(host.has);
                    }
                    case 8 -> {
                        if (snapshot != null && !(clones && hosts.size() > 1)) {
                            host.putBack(snapshot, inSnapshot);
                        }
                    }
                    case 9 -> {
                        if (clones && hosts.size() == 1) {
                            hosts.add(new Host(host.copy(), random, core.url()));
                            hosts.getLast().has.addAll(host.has);
                        }
                    }
                    case 10 -> core.killed();
                    case 11 -> core.remember();
                    case 12 -> core.putBack();
                    case 13 -> {
                        if (!clones) {
                            host.trim();
                        }
                    }
                    default -> host.step();
                }
            }
            for (Host host : hosts) {
                host.calm = true;
                for (int i = 0; host.hasWork(); i++) {
                    assertThat(i).as("steps until all is delivered, seed %d", seed).isLessThan(800);
                    host.step();
                }
                // Goes on, so that what is missing is noticed.
                host.append(1);
                host.step();
                for (int i = 0; host.hasWork(); i++) {
                    assertThat(i).as("steps until all is delivered, seed %d", seed).isLessThan(800);
                    host.step();
                }
            }

            Map<Integer, Integer> kept = core.kept();
            assertThat(kept.entrySet().stream().filter(each -> each.getValue() > 1))
                    .as("kept more than once, seed %d", seed)
                    .isEmpty();
            Set<Integer> lost = new HashSet<>();
            hosts.forEach(host -> lost.addAll(host.has));
            lost.removeAll(kept.keySet());
            if (clones) {
                assertThat(lost).as("not in the core, seed %d", seed).isEmpty();
            } else {
                assertThat(core.lost).as("lost by the core, seed %d", seed).containsAll(lost);
                assertThat((long) lost.size())
                        .as("lost by the core and trimmed by the host, seed %d: %s", seed, lost)
                        .isLessThanOrEqualTo(said);
            }
            for (Host host : hosts) {
                host.close();
            }
        }
    }

    private Path folder() {
        return temp.resolve("f" + folders++);
    }

    private Path copyOf(Path from) throws IOException {
        Path to = folder();
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                // Not a second process: it does not hold the lock.
                if (!file.toString().endsWith(".lock")) {
                    Files.copy(file, to.resolve(file.getFileName()));
                }
            }
        }
        return to;
    }

    private static SqliteJournal open(Path folder) throws Exception {
        return SqliteJournal.open(folder.resolve("trapline.db"), () -> JournalSettings.DEFAULT);
    }

    private final class Host {
        private final Random random;
        private final URI core;
        private final Set<Integer> has = new HashSet<>();
        private Path folder;
        private SqliteJournal journal;
        private ForwardDatabase database;
        private Forwarder forwarder;
        private boolean calm;

        @SuppressWarnings("NullAway") // start() sets them
        Host(Path folder, Random random, URI core) throws Exception {
            this.random = random;
            this.core = core;
            start(folder);
        }

        private void start(Path in) throws Exception {
            folder = in;
            journal = open(in);
            var _ = journal.reader("store");
            database = ForwardDatabase.open(in.resolve("forward.db"));
            Outputs.Surroundings surroundings = time.surroundings(random.nextLong());
            CoreOutputSettings settings =
                    new CoreOutputSettings(new OutputBasics("core"), core, "secret", 1024);
            ForwardDatabase.Cursor cursor =
                    Outputs.cursor("core", true, journal, database, surroundings.random());
            forwarder =
                    new Forwarder(
                            settings,
                            new Flaky(
                                    new CoreDestination(
                                            settings,
                                            new HttpPoster(
                                                    Duration.ofSeconds(20),
                                                    true,
                                                    surroundings.clock()))),
                            journal.reader(READER),
                            database,
                            cursor,
                            SenderLives.begin(
                                    database,
                                    "core",
                                    cursor,
                                    journal.status().head(),
                                    core.toString(),
                                    surroundings.random()),
                            1 << 20,
                            Duration.ZERO,
                            surroundings);
        }

        void append(int count) throws Exception {
            for (int i = 0; i < count; i++) {
                int id = frames++;
                Sample sample = new Sample("s", List.of(), new SampleValue.Real(id), 1);
                journal.append(
                        BatchCodec.encode(new Batch(Integer.toString(id), 1, List.of(sample))));
                has.add(id);
            }
        }

        void step() throws Exception {
            long before = forgotten();
            time.pass(forwarder.step());
            said += forgotten() - before;
        }

        private long forgotten() throws ForwardException {
            return database.lost("core").stream()
                    .filter(each -> each.reason().equals(Delivery.Accepted.FORGOTTEN))
                    .mapToLong(OutputStatus.Dropped::values)
                    .sum();
        }

        boolean hasWork() throws ForwardException {
            return database.totals("core").items() > 0
                    || journal.status().readers().stream()
                            .anyMatch(reader -> reader.name().equals(READER) && reader.lag() > 0);
        }

        Path copy() throws IOException {
            return copyOf(folder);
        }

        void trim() throws Exception {
            JournalReader store = journal.reader("store");
            store.commit(journal.status().head());
        }

        void killed() throws Exception {
            Path left = copy();
            close();
            start(left);
        }

        void putBack(Path to, Set<Integer> had) throws Exception {
            close();
            has.clear();
            has.addAll(had);
            start(copyOf(to));
        }

        void close() throws Exception {
            journal.close();
            database.close();
        }

        private final class Flaky implements Destination {
            private final Destination real;

            Flaky(Destination real) {
                this.real = real;
            }

            @Override
            public void encode(Selected selected, Encoding out) {
                real.encode(selected, out);
            }

            @Override
            public int maxBytes() {
                return real.maxBytes();
            }

            @Override
            public int maxItemBytes() {
                return real.maxItemBytes();
            }

            @Override
            public Item again(AsideItem aside) {
                return real.again(aside);
            }

            @Override
            public Delivery send(List<Item> items, Sequence sequence) throws InterruptedException {
                int dice = calm ? 9 : random.nextInt(8);
                if (dice == 0) {
                    return new Delivery.Later("the request is lost", Optional.empty(), false);
                }
                Delivery answer = real.send(items, sequence);
                return dice == 1
                        ? new Delivery.Later("the answer is lost", Optional.empty(), false)
                        : answer;
            }

            @Override
            public void close() {
                real.close();
            }
        }
    }

    private final class Core implements AutoCloseable {
        private final Set<Integer> lost = new HashSet<>();
        private final BoundServer server;
        private Path folder = folder();
        private volatile SqliteJournal journal;
        private @Nullable Path snapshot;

        Core() throws Exception {
            journal = open(folder);
            var _ = journal.reader("keeper");
            Journal current =
                    (Journal)
                            Proxy.newProxyInstance(
                                    Journal.class.getClassLoader(),
                                    new Class<?>[] {Journal.class},
                                    (_, method, arguments) -> {
                                        try {
                                            return method.invoke(journal, arguments);
                                        } catch (InvocationTargetException e) {
                                            throw e.getCause();
                                        }
                                    });
            server = OnLoopback.open(new BatchesHandler(current, () -> "secret"));
        }

        URI url() {
            return URI.create("http://127.0.0.1:" + server.port() + "/v1/batches");
        }

        void killed() throws Exception {
            Path left = copyOf(folder);
            journal.close();
            folder = left;
            journal = open(left);
        }

        void remember() throws IOException {
            snapshot = copyOf(folder);
        }

        void putBack() throws Exception {
            Path to = snapshot;
            if (to == null) {
                return;
            }
            Set<Integer> before = kept().keySet();
            journal.close();
            folder = copyOf(to);
            journal = open(folder);
            lost.addAll(before);
            lost.removeAll(kept().keySet());
        }

        Map<Integer, Integer> kept() throws Exception {
            Map<Integer, Integer> kept = new HashMap<>();
            JournalReader reader = journal.reader("model");
            for (List<JournalReader.Frame> read = reader.read(1 << 20, Duration.ZERO);
                    !read.isEmpty();
                    read = reader.read(1 << 20, Duration.ZERO)) {
                for (JournalReader.Frame frame : read) {
                    kept.merge(
                            Integer.parseInt(BatchCodec.decode(frame.bytes()).source()),
                            1,
                            Integer::sum);
                }
            }
            return kept;
        }

        @Override
        public void close() {
            server.close();
            journal.close();
        }
    }
}
