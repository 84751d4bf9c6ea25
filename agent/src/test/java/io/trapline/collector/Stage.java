package io.trapline.collector;

import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.pipeline.Decoded;
import io.trapline.pipeline.PointChecks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A machine without time of its own: the test moves the clock, and everything that is due happens
/// in one thread, in order.
final class Stage implements Sink {
    long now = 5_000_000_000L;
    Instant wall = Instant.parse("2026-03-01T00:00:00Z");
    final FakeBridge bridge = new FakeBridge();
    final List<Stored> stored = new ArrayList<>();
    boolean full;
    boolean userFiles = true;
    final Path home;
    final Pauses pauses = Pauses.inMemory(() -> wall);
    final Timeline timeline = new Timeline(() -> now);
    final Collectors collectors;
    private final ArrayDeque<Runnable> steps = new ArrayDeque<>();

    record Stored(long at, String source, List<Entry> entries) {}

    Stage(Path home) {
        this.home = home;
        bridge.nanos = () -> now;
        collectors =
                new Collectors(
                        bridge,
                        Stage::decode,
                        this,
                        () -> now,
                        () -> wall,
                        new CollectorSettings(
                                () -> List.of(home.resolve("python.d")),
                                home.resolve("logs"),
                                home.resolve("user"),
                                () -> userFiles,
                                () -> URI.create("http://127.0.0.1:9529"),
                                false),
                        timeline,
                        steps::add,
                        _ -> steps::add,
                        () -> {},
                        pauses);
        file("d/a.py", "pass");
    }

    void file(String name, String text) {
        try {
            Path file = home.resolve("python.d").resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static InputSettings input(String name) {
        return new InputSettings(
                name,
                Optional.of("python3"),
                List.of("d"),
                Map.of(),
                Map.of("team", "web"),
                Optional.empty(),
                Optional.empty(),
                false,
                Path.of("x.conf"),
                1);
    }

    /// A report's body is a number of points, a negative one of points that are dropped, or a text
    /// that is refused.
    static Decoded decode(byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        if (text.matches("-\\d+")) {
            String why = "point \"m\" has no field to store";
            return new Decoded.Accepted(
                    List.of(),
                    Decoded.TagChoice.HOST,
                    List.of(new Decoded.Warning(0, PointChecks.NO_FIELD, why)),
                    -Integer.parseInt(text));
        }
        if (!text.matches("\\d+")) {
            return new Decoded.Refused(400, "datakit.invalidJsonPoint", "bad \"" + text + "\"");
        }
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(text); i++) {
            Field field = new Field("v", new FieldValue.Int(i));
            points.add(new Point(Category.METRIC, "m", List.of(), List.of(field), i));
        }
        return new Decoded.Accepted(points, Decoded.TagChoice.HOST, List.of(), 0);
    }

    @Override
    public List<Entry> finish(List<Point> points, Decoded.TagChoice tags) {
        return List.copyOf(points);
    }

    @Override
    public void accept(String source, List<Entry> entries) throws JournalException {
        if (full) {
            throw new JournalFullException("the journal's quota of 10 bytes is used up");
        }
        stored.add(new Stored(now, source, entries));
    }

    void start(InputSettings... inputs) {
        collectors.apply(List.of(inputs));
        settle();
    }

    void settle() {
        for (Runnable step = steps.poll(); step != null; step = steps.poll()) {
            step.run();
        }
    }

    /// One step alone, so that something else can come before the next.
    void step() {
        steps.remove().run();
    }

    /// Lets time pass, stopping wherever something is due.
    void pass(Duration time) {
        long end = now + time.toNanos();
        settle();
        while (true) {
            long wait = timeline.runDue();
            if (!steps.isEmpty()) {
                settle();
                continue;
            }
            if (now + wait - end > 0) {
                break;
            }
            advance(wait);
        }
        advance(end - now);
    }

    void seconds(double seconds) {
        pass(Duration.ofNanos(Math.round(seconds * 1e9)));
    }

    /// The clock moves and nobody gets to run: a stall.
    void advance(long nanos) {
        now += nanos;
        wall = wall.plusNanos(nanos);
    }

    void after(double seconds, Runnable task) {
        var _ = timeline.at(now + Math.round(seconds * 1e9), task);
    }

    List<Run> runs() {
        return stored.stream()
                .flatMap(s -> s.entries().stream())
                .filter(Run.class::isInstance)
                .map(Run.class::cast)
                .toList();
    }

    List<Run> runs(Run.Outcome outcome) {
        return runs().stream().filter(r -> r.outcome() == outcome).toList();
    }

    long points() {
        return stored.stream()
                .flatMap(s -> s.entries().stream())
                .filter(Point.class::isInstance)
                .count();
    }

    CollectorStatus collector(String id) {
        return collectors.status().stream()
                .flatMap(i -> i.collectors().stream())
                .filter(c -> c.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    InputStatus inputStatus() {
        return collectors.status().getFirst();
    }
}
