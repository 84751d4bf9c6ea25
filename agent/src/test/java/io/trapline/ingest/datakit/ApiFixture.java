package io.trapline.ingest.datakit;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.trapline.ingest.HttpSettings;
import io.trapline.net.ListenSettings;
import io.trapline.pipeline.GlobalTags;
import io.trapline.pipeline.GlobalTags.Changes;
import io.trapline.pipeline.ListJournal;
import io.trapline.pipeline.Pipeline;
import io.trapline.pipeline.PipelineSettings;
import io.trapline.web.Listener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// The real handlers on a real listener at a free port, over a journal in memory; the clock stands
/// still.
final class ApiFixture implements AutoCloseable {
    static final Instant NOW = Instant.ofEpochSecond(1_795_000_000L);
    static final long NOW_NS = 1_795_000_000_000_000_000L;
    static final HttpSettings SETTINGS = settings(0, 1, List.of(), List.of(), false);

    final ListJournal journal = new ListJournal();
    final AtomicLong nanos = new AtomicLong();
    final PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    final GlobalTags tags;
    final DataKitApi api;
    volatile HttpSettings settings = SETTINGS;
    volatile boolean correctTime;
    volatile Changes saved = Changes.NONE;

    private final Listener listener;
    private final HttpClient client =
            HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();

    ApiFixture() {
        this(true, SETTINGS);
    }

    ApiFixture(boolean electionEnabled, HttpSettings settings) {
        this.settings = settings;
        tags =
                new GlobalTags(
                        new PipelineSettings(
                                Map.of("host", "my-host"),
                                Map.of("cluster", "c1"),
                                electionEnabled,
                                false),
                        "my-host",
                        Changes.NONE);
        InstantSource clock = InstantSource.fixed(NOW);
        api =
                new DataKitApi(
                        new Pipeline(journal, tags, () -> correctTime, clock),
                        tags,
                        new Store(),
                        () -> this.settings,
                        new AgentInfo("1.2.3", "abc", "my-host", NOW.minusMillis(184_500)),
                        meters,
                        clock,
                        nanos::get);
        try {
            listener =
                    Listener.open(
                            settings.listen(),
                            Optional.empty(),
                            to -> DataKitApi.configure(to, settings),
                            routing -> {
                                api.register(routing, _ -> false, new Known());
                                routing.get("/page", (_, response) -> response.send("page"))
                                        .get("/metrics", (_, response) -> response.send("a 1"))
                                        .get("/healthz", (_, response) -> response.send("ok"));
                            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// This host is `my-host` and any address, and the admin token `admin`.
    private static final class Known implements Callers {
        @Override
        public boolean isOwnHost(Optional<String> host) {
            return host.orElse("").matches("(my-host|[0-9.]+)(:[0-9]+)?");
        }

        @Override
        public boolean isAdmin(Optional<String> authorization) {
            return authorization.filter("Bearer admin"::equals).isPresent();
        }
    }

    private final class Store implements GlobalTagsStore {
        @Override
        public Changes load() {
            return saved;
        }

        @Override
        public void save(Changes changes) {
            saved = changes;
        }
    }

    static HttpSettings settings(
            double rate,
            int burst,
            List<String> publicApis,
            List<String> origins,
            boolean disable404Page) {
        return new HttpSettings(
                ListenSettings.plain("127.0.0.1", 0),
                Optional.empty(),
                publicApis,
                origins,
                disable404Page,
                Duration.ofSeconds(30),
                rate,
                burst,
                64L << 20,
                256L << 20);
    }

    static HttpSettings limits(Duration timeout, long maxBody, long maxDecoded) {
        return new HttpSettings(
                ListenSettings.plain("127.0.0.1", 0),
                Optional.empty(),
                List.of(),
                List.of(),
                false,
                timeout,
                0,
                1,
                maxBody,
                maxDecoded);
    }

    int port() {
        return URI.create(listener.address()).getPort();
    }

    HttpResponse<String> send(String method, String path, byte[] body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                        .version(HttpClient.Version.HTTP_1_1)
                        .method(
                                method,
                                body.length == 0
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    @Override
    public void close() {
        client.close();
        listener.close();
    }
}
