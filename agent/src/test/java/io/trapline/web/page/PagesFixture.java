package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import io.trapline.collector.CollectorStatus;
import io.trapline.collector.InputStatus;
import io.trapline.collector.Lateness;
import io.trapline.forward.ForwardSettings;
import io.trapline.forward.OutputSettings;
import io.trapline.forward.Outputs;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.SqliteJournal;
import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.pipeline.BatchCodec;
import io.trapline.registry.Declared;
import io.trapline.registry.Pins;
import io.trapline.registry.PushRegistration;
import io.trapline.registry.PushType;
import io.trapline.registry.Registry;
import io.trapline.store.LocalStore;
import io.trapline.store.MemoryJournal;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.web.AdminToken;
import io.trapline.web.ConfigStatus;
import io.trapline.web.OutputsCalls;
import io.trapline.web.RegistryCalls;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;

/// The pages on a real listener over a real store, with a clock that stands still until it is told
/// otherwise, outputs that have one batch to send, and collectors as the test says they are.
final class PagesFixture implements AutoCloseable {
    static final Instant NOW = Instant.parse("2026-11-21T04:40:00Z");

    /// A push registration for events, and one for metrics.
    static final long EVENTS = 7;

    static final long METRICS = 8;

    volatile Instant now = NOW;
    volatile List<InputStatus> inputs = List.of();
    final Store store;
    final Outputs outputs;
    private final MemoryJournal journal = new MemoryJournal();
    private final SqliteJournal sent;
    private final Registry registry;
    private final Pins pins;
    private final ExplorePages explore;
    private final Pages pages;
    private final WebServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    PagesFixture(Path directory) throws Exception {
        InstantSource clock = () -> now;
        Path data = Files.createDirectories(directory.resolve("data"));
        store =
                LocalStore.open(
                        directory.resolve("store"), () -> StoreSettings.DEFAULT, journal, clock);
        sent = SqliteJournal.open(data.resolve("sent.db"), () -> JournalSettings.DEFAULT);
        sent.append(
                BatchCodec.encode(
                        new Batch(
                                "push/1",
                                1,
                                List.of(
                                        new Sample(
                                                "a",
                                                List.of(new Tag("target", "t")),
                                                new SampleValue.Real(1),
                                                1)))));
        outputs =
                Outputs.open(
                        data,
                        sent,
                        new Outputs.Surroundings(clock, System::nanoTime, new Random(1)));
        registry = Registry.open(data.resolve("trapline.db"), clock, Duration.ZERO);
        registry.declare(
                List.of(
                        new Declared<>(
                                new PushRegistration(EVENTS, "a-token-of-events", PushType.EVENT),
                                "conf.d/trapline.conf",
                                1),
                        new Declared<>(
                                new PushRegistration(
                                        METRICS, "a-token-of-metrics", PushType.TIME_SERIES),
                                "conf.d/trapline.conf",
                                2)),
                List.of());
        pins = Pins.open(data.resolve("pins.db"));
        AdminToken token = AdminToken.loadOrCreate(data, clock);
        Html html = new Html("0.0.0", token);
        OutputsCalls calls = new OutputsCalls(outputs);
        pages =
                new Pages(
                        html,
                        () -> inputs,
                        List::of,
                        journal::status,
                        () -> new ConfigStatus(1, List.of(), 0, false, NOW),
                        List::of,
                        Optional.of(store),
                        calls,
                        clock);
        explore = new ExplorePages(html, Optional.of(store), pins, clock);
        PushPages push =
                new PushPages(
                        html,
                        new RegistryCalls(registry, () -> "http://127.0.0.1:1"),
                        Optional.of(store),
                        clock);
        server =
                WebServer.builder()
                        .host("127.0.0.1")
                        .port(0)
                        .routing(routing ->
                                routing.register(pages)
                                        .register(explore)
                                        .register(new OutputsPages(html, calls, clock))
                                        .register(push)
                                        .register(new NotFound(html)))
                        .build()
                        .start();
    }

    /// Returns when the store has them.
    void store(String source, List<Entry> entries) throws InterruptedException {
        journal.append(new Batch(source, now.getEpochSecond() * 1_000_000_000L, entries));
        assertThat(store.catchUp(Duration.ofSeconds(60))).isTrue();
    }

    void forward(OutputSettings... settings) throws Exception {
        outputs.apply(new ForwardSettings(List.of(settings), 1 << 20));
    }

    String address() {
        return "http://127.0.0.1:" + server.port();
    }

    HttpResponse<String> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address() + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String form) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(address() + path))
                        .POST(HttpRequest.BodyPublishers.ofString(form))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    Document page(String path) throws Exception {
        return Jsoup.parse(get(path).body());
    }

    static long ns(Instant time) {
        return time.getEpochSecond() * 1_000_000_000L + time.getNano();
    }

    /// A run of the collector `shop/Orders`, `ago` before the clock's time.
    Run run(Duration ago, Run.Outcome outcome) {
        long planned = ns(now.minus(ago));
        return new Run(
                "shop",
                "Orders",
                planned,
                planned,
                5_000_000,
                outcome,
                1,
                outcome == Run.Outcome.OK ? "" : "Traceback:\nKeyError: 'pears'");
    }

    /// The input `shop` with the collector `Orders`, every 10 s, after these runs.
    List<InputStatus> shop(List<Run> runs) {
        Optional<Run> last = runs.isEmpty() ? Optional.empty() : Optional.of(runs.getLast());
        Optional<Run> failed =
                runs.reversed().stream().filter(run -> !run.error().isEmpty()).findFirst();
        CollectorStatus orders =
                new CollectorStatus(
                        "Orders",
                        "Orders",
                        "orders",
                        "/x/orders.py",
                        10,
                        "waiting",
                        "",
                        last.map(run ->
                                new CollectorStatus.LastRun(
                                        run.outcome(),
                                        instant(run.plannedNs()),
                                        instant(run.startedNs()),
                                        5,
                                        1,
                                        run.error())),
                        failed.map(Run::error).orElse(""),
                        failed.map(run -> instant(run.plannedNs())),
                        Optional.empty(),
                        Optional.of(now),
                        new CollectorStatus.Counts(0, 0, 0, 0, 0),
                        0,
                        false,
                        0,
                        "",
                        0,
                        0,
                        0,
                        new Lateness().summary(),
                        "",
                        List.of());
        return List.of(
                new InputStatus(
                        "shop",
                        "running",
                        "",
                        Optional.empty(),
                        OptionalLong.empty(),
                        0,
                        List.of(),
                        "shop.log",
                        List.of(orders)));
    }

    /// The input `shop` with a collector as this one, of another name and file.
    List<InputStatus> withCollector(CollectorStatus like, String name, String file) {
        InputStatus shop = shop(List.of()).getFirst();
        CollectorStatus collector =
                new CollectorStatus(
                        name,
                        name,
                        like.module(),
                        file,
                        like.interval(),
                        like.state(),
                        like.reason(),
                        like.last(),
                        like.lastError(),
                        like.lastErrorAt(),
                        like.running(),
                        like.next(),
                        like.counts(),
                        0,
                        false,
                        0,
                        "",
                        0,
                        0,
                        0,
                        like.lateness(),
                        "",
                        List.of());
        return List.of(
                new InputStatus(
                        shop.name(),
                        shop.state(),
                        "",
                        Optional.empty(),
                        OptionalLong.empty(),
                        0,
                        List.of(),
                        shop.logFile(),
                        List.of(collector)));
    }

    private static Instant instant(long ns) {
        return Instant.ofEpochSecond(0, ns);
    }

    @Override
    public void close() {
        List<AutoCloseable> all = new ArrayList<>();
        all.add(pages);
        all.add(explore);
        all.add(server::stop);
        all.add(outputs);
        all.add(sent);
        all.add(store);
        all.add(registry);
        all.add(pins);
        all.add(client);
        for (AutoCloseable each : all) {
            try {
                each.close();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                throw new IllegalStateException("the pages were not closed", e);
            }
        }
    }
}
