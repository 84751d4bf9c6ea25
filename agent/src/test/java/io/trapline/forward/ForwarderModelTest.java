package io.trapline.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.journal.Origin;
import io.trapline.model.Entry;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Random faults of a real receiver, of the connection and of the sender itself, against what must
/// hold: what was kept arrives in order, at least once, and exactly once at a receiver that
/// remembers; what is refused, and nothing else, is set aside.
class ForwarderModelTest {
    private static final String READER = "output/o";
    private static final Pattern NAME = Pattern.compile("\"((?:good|bad)_[0-9]+)\":1\\.0");

    @TempDir Path data;

    /// More of them with `-Dtrapline.seeds=500`.
    static LongStream seeds() {
        return LongStream.rangeClosed(1, Long.getLong("trapline.seeds", 8));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void nothing_is_lost_or_doubled(long seed) throws Exception {
        Random random = new Random(seed);
        CursorJournal journal = new CursorJournal();
        ManualTime time = new ManualTime();
        Faulty faulty = new Faulty(new Random(seed + 1000));
        List<String> good = new ArrayList<>();
        Set<String> bad = new LinkedHashSet<>();
        try (Receiver receiver = new Receiver(faulty::answer)) {
            ForwardDatabase database = ForwardDatabase.open(data.resolve("forward.db"));
            database.start("o", "life:o", false);
            Forwarder forwarder = forwarder(journal, database, receiver, time, random);
            int made = 0;
            for (int round = 0; round < 250; round++) {
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> made = append(journal, random, made, good, bad);
                    case 3 -> {
                        // Killed: a commit of the cursor may not have reached the disk.
                        database.close();
                        long back = random.nextInt(3);
                        journal.setBack(READER, Math.max(0, journal.committed(READER) - back));
                        database = ForwardDatabase.open(data.resolve("forward.db"));
                        forwarder = forwarder(journal, database, receiver, time, random);
                    }
                    default -> time.pass(forwarder.step());
                }
            }
            faulty.calm = true;
            for (int i = 0; journal.committed(READER) < journal.frames().size(); i++) {
                assertThat(i).as("steps until all is delivered, seed %d", seed).isLessThan(5000);
                time.pass(forwarder.step());
            }

            assertThat(faulty.once).as("kept once, seed %d", seed).containsExactlyElementsOf(good);
            assertThat(new LinkedHashSet<>(faulty.each))
                    .as("kept each time, seed %d", seed)
                    .containsExactlyElementsOf(good);
            List<String> aside =
                    database.aside("o", false, 10_000).stream()
                            .map(item ->
                                    names(new String(item.payload(), StandardCharsets.UTF_8))
                                            .getFirst())
                            .toList();
            assertThat(aside).as("set aside, seed %d", seed).containsExactlyElementsOf(bad);
            database.close();
        }
        // The test is about faults: there must have been some of each kind.
        assertThat(faulty.faults.get()).isGreaterThan(10);
        assertThat(faulty.each.size()).isGreaterThan(good.size());
    }

    private static int append(
            CursorJournal journal, Random random, int from, List<String> good, Set<String> bad) {
        List<Entry> entries = new ArrayList<>();
        int made = from;
        int count = random.nextInt(12);
        for (int i = 0; i < count; i++) {
            boolean refused = random.nextInt(25) == 0;
            String name = (refused ? "bad_" : "good_") + made++;
            List<Tag> tags = List.of(new Tag("target", name + "x".repeat(random.nextInt(60))));
            entries.add(new Sample(name, tags, new SampleValue.Real(1), 1));
            if (refused) {
                bad.add(name);
            } else {
                good.add(name);
            }
            if (random.nextInt(4) == 0) {
                entries.add(new Sample("text", tags, new SampleValue.Text("x"), 1));
            }
        }
        journal.append("push/1", entries.toArray(Entry[]::new));
        return made;
    }

    private Forwarder forwarder(
            CursorJournal journal,
            ForwardDatabase database,
            Receiver receiver,
            ManualTime time,
            Random random)
            throws ForwardException {
        Outputs.Surroundings surroundings = time.surroundings(random.nextLong());
        PushOutputSettings settings =
                new PushOutputSettings(
                        new OutputBasics("o"),
                        receiver.url("/v2/push/"),
                        1,
                        "t",
                        PushOutputSettings.Type.TIME_SERIES,
                        0,
                        // Another limit after each restart must not move a request's end.
                        1024 + random.nextInt(2000),
                        "me");
        return new Forwarder(
                settings,
                new PushDestination(
                        settings,
                        new HttpPoster(Duration.ofSeconds(20), true, surroundings.clock()),
                        database.names("o")),
                journal.reader(READER),
                database,
                database.cursor("o").orElseThrow(),
                SenderLives.begin(
                        database,
                        "o",
                        database.cursor("o").orElseThrow(),
                        journal.status().head(),
                        settings.shownAddress(),
                        random),
                1 << 20,
                Duration.ZERO,
                surroundings);
    }

    private static List<String> names(String body) {
        List<String> names = new ArrayList<>();
        Matcher matcher = NAME.matcher(body);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }

    /// Two receivers in one: `once` remembers where a sender was, `each` does not.
    private static final class Faulty {
        private final Random random;
        private final List<String> once = new CopyOnWriteArrayList<>();
        private final List<String> each = new CopyOnWriteArrayList<>();
        private volatile boolean calm;
        private final AtomicInteger faults = new AtomicInteger();
        private final Map<String, Origin> last = new TreeMap<>();

        Faulty(Random random) {
            this.random = random;
        }

        synchronized Receiver.Reply answer(Receiver.Request request) {
            int dice = calm ? 99 : random.nextInt(12);
            switch (dice) {
                case 0 -> {
                    return fault(Receiver.Reply.of(503, "").after("2"));
                }
                case 1 -> {
                    return fault(Receiver.Reply.of(429, "{\"message\":\"slow\"}"));
                }
                case 2 -> {
                    return fault(Receiver.Reply.of(401, ""));
                }
                case 3 -> {
                    return fault(Receiver.PUSH_OK.cutAfter(0));
                }
                default -> {}
            }
            List<String> names = names(request.body());
            for (int i = 0; i < names.size(); i++) {
                if (names.get(i).startsWith("bad")) {
                    boolean named = i % 2 == 0;
                    return Receiver.Reply.of(
                            400, named ? "{\"message\":\"data[" + i + "]: no\"}" : "no");
                }
            }
            Origin origin = request.batch().flatMap(Origin::parse).orElseThrow();
            each.addAll(names);
            Origin before = last.get(origin.sender());
            if (before == null || origin.isAfter(before.position(), before.part())) {
                once.addAll(names);
                last.put(origin.sender(), origin);
            }
            return switch (dice) {
                case 4 -> fault(Receiver.PUSH_OK.cutAfter(0));
                case 5 -> fault(Receiver.PUSH_OK.cutAfter(25));
                case 6 -> fault(Receiver.Reply.of(502, "too late"));
                default -> Receiver.PUSH_OK;
            };
        }

        private Receiver.Reply fault(Receiver.Reply reply) {
            faults.incrementAndGet();
            return reply;
        }
    }
}
