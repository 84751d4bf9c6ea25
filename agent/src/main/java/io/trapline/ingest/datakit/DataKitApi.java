package io.trapline.ingest.datakit;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.NotFoundException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import io.trapline.ingest.HttpSettings;
import io.trapline.ingest.Peer;
import io.trapline.ingest.RefusedRequests;
import io.trapline.ingest.datakit.InFlight.Reservation;
import io.trapline.ingest.datakit.LastErrors.LastError;
import io.trapline.ingest.datakit.WriteDecoder.Written;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.model.Category;
import io.trapline.model.Point;
import io.trapline.net.Source;
import io.trapline.pipeline.Decoded;
import io.trapline.pipeline.GlobalTags;
import io.trapline.pipeline.GlobalTags.Changes;
import io.trapline.pipeline.GlobalTags.Layer;
import io.trapline.pipeline.Intake;
import io.trapline.pipeline.Pipeline;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// DataKit's HTTP API (`/v1/…`) on the agent's listener: it answers everything under `/v1/` itself,
/// and guards every other path of the listener with DataKit's access rule.
///
/// Source: `contracts/datakit.md` section 3. A write is answered with 200 when its points are
/// durable ([Pipeline#accept] returned), never before. CORS headers are on answers under `/v1/` and
/// on 404s, and nowhere else: other pages of the listener are not for other sites' scripts.
///
/// Settings are asked for at each request, so that a reload changes limits and closes no port.
public final class DataKitApi {
    private static final Logger LOG = LoggerFactory.getLogger(DataKitApi.class);

    private static final HeaderName X_DATAKIT = HeaderNames.create("X-Datakit");
    private static final HeaderName NOSNIFF = HeaderNames.create("X-Content-Type-Options");
    private static final HeaderName DROPPED = HeaderNames.create("X-Trapline-Dropped-Points");
    private static final HeaderName LIMIT = HeaderNames.create("X-Rate-Limit-Limit");
    private static final HeaderName LIMIT_DURATION = HeaderNames.create("X-Rate-Limit-Duration");
    private static final String WRITE = "/v1/write/";
    private static final String GLOBAL = "/v1/global/";
    private static final String HEALTH = "/healthz";
    private static final String FOREIGN_HOST =
            "the Host header has no name of this host's: pages of other sites may not use one of"
                    + " their own; use an address, this host's name, or list the name below [web]"
                    + " hosts";
    private static final String LOGS = WRITE + "logstreaming";
    private static final int SMALL_BODY = 256 << 10;
    private static final int COUNTED_STEP = 64 << 10;
    private static final int MAX_GLOBAL_TAGS = 128;
    private static final int MAX_TAG_TEXT = 256;

    private final Pipeline pipeline;
    private final GlobalTags globalTags;
    private final GlobalTagsStore globalTagsStore;
    private final Supplier<HttpSettings> settings;
    private final AgentInfo agent;
    private final MeterRegistry meters;
    private final InstantSource clock;
    private final LongSupplier nanoTicker;

    private final WriteDecoder decoder = new WriteDecoder();
    private final RateLimiter limiter;
    private final RefusedRequests refused;
    private final LastErrors lastErrors = new LastErrors();
    private final Feeds feeds;

    private static final long HEAP = Runtime.getRuntime().maxMemory();

    /// Of one body, as sent or decoded: what is made of a text in it takes up to five times as
    /// much. 64 MiB with the heap that the launcher gives.
    private static final long LARGEST_BODY = (HEAP + HEAP / 16) / 6;

    private final InFlight inFlight = new InFlight(HEAP / 4, HEAP / 4 * 3);

    private final Map<String, Route> routes = new LinkedHashMap<>();

    /// Whether the log has told that a sender asks for what [LogStream] does not do.
    private final AtomicBoolean noted = new AtomicBoolean();

    /// Held while global tags are saved and changed, so that two changes do not lose each other.
    private final Object tagsLock = new Object();

    /// @param settings asked at each request
    /// @param globalTagsStore where changes to global tags over HTTP are kept
    /// @param nanoTicker monotonic, as [System#nanoTime]
    public DataKitApi(
            Pipeline pipeline,
            GlobalTags globalTags,
            GlobalTagsStore globalTagsStore,
            Supplier<HttpSettings> settings,
            AgentInfo agent,
            MeterRegistry meters,
            InstantSource clock,
            LongSupplier nanoTicker) {
        this.pipeline = pipeline;
        this.globalTags = globalTags;
        this.globalTagsStore = globalTagsStore;
        this.settings = settings;
        this.agent = agent;
        this.meters = meters;
        this.clock = clock;
        this.nanoTicker = nanoTicker;
        limiter = new RateLimiter(nanoTicker);
        refused = new RefusedRequests("[http] request_rate", nanoTicker);
        feeds = new Feeds(meters);
        addRoutes();
        TimeGauge.builder("datakit_uptime", this, TimeUnit.MILLISECONDS, api -> api.uptimeMillis())
                .register(meters);
    }

    /// What inputs reported to `/v1/lasterror`.
    public LastErrors lastErrors() {
        return lastErrors;
    }

    /// Who wrote to `/v1/write`, since the start.
    public Feeds feeds() {
        return feeds;
    }

    /// Adds the API to a listener. Other handlers may be added before or after.
    public void register(HttpRouting.Builder routing) {
        register(routing, _ -> false, Callers.ANYBODY);
    }

    /// @param guarded paths about which another filter decides who may ask
    public void register(HttpRouting.Builder routing, Predicate<String> guarded, Callers callers) {
        routing.addFilter((chain, request, response) ->
                        filter(guarded, callers, chain, request, response))
                .error(
                        NotFoundException.class,
                        (request, response, _) -> notFound(request, response));
    }

    /// Address of the listener that this API is to live on, and no content encodings of the
    /// server's own. A listener set up without it refuses compressed bodies.
    public static void configure(ListenerConfig.BuilderBase<?, ?> listener, HttpSettings settings) {
        listener.host(settings.host())
                .port(settings.port())
                // Bodies arrive here as they were sent: a limit must count what comes out of them.
                .contentEncoding(new RawBodies());
    }

    private void addRoutes() {
        route("GET /v1/ping", this::ping);
        route("GET /v1/ntp", this::ntp);
        route("POST /v1/lasterror", this::lastError);
        route("POST " + LOGS, this::writeLogs);
        for (String kind : List.of("host", "election")) {
            boolean election = kind.equals("election");
            String path = " /v1/global/" + kind + "/tags";
            route("GET" + path, (_, response) -> sendTags(response));
            route("POST" + path, (call, response) -> setTags(call, response, election));
            route("DELETE" + path, (call, response) -> removeTags(call, response, election));
        }
        for (String cloud :
                List.of(
                        "POST /v1/object/labels",
                        "DELETE /v1/object/labels",
                        "POST /v1/query/raw")) {
            route(cloud, DataKitApi::cloudOnly);
        }
        route("GET /restart", DataKitApi::restart);
    }

    private void route(String methodAndPath, Handler handler) {
        String path = methodAndPath.substring(methodAndPath.indexOf(' ') + 1);
        routes.put(methodAndPath, new Route(path, handler));
    }

    private interface Handler {
        void handle(Call call, ServerResponse response) throws RefusedException, IOException;
    }

    /// @param label of the meters; never from a client
    private record Route(String label, Handler handler) {}

    /// One request as the handlers see it.
    ///
    /// @param mayChangeTags from this host, or with the admin token
    private record Call(
            ServerRequest request, String path, HttpSettings settings, boolean mayChangeTags) {
        Map<String, String> query() {
            return Query.parse(request.prologue().query().rawValue());
        }
    }

    private void filter(
            Predicate<String> guarded,
            Callers callers,
            FilterChain chain,
            ServerRequest request,
            ServerResponse response) {
        HttpSettings now = settings.get();
        String path = request.path().path();
        boolean ours = path.startsWith("/v1/") || path.equals("/restart");
        response.header(X_DATAKIT, agent.version() + "/" + agent.host());
        boolean open = Access.isPublic(path, now);
        boolean admin = callers.isAdmin(request.headers().first(HeaderNames.AUTHORIZATION));
        if (!guarded.test(path)
                && !(open && !Access.isOfPage(request))
                && !path.equals(HEALTH)
                && !admin
                && !callers.isOwnHost(request.headers().first(HeaderNames.HOST))) {
            refuse(request, response, "datakit.hostNotAllowed", FOREIGN_HOST);
            return;
        }
        if (ours) {
            Access.addCors(request, response, now, open);
        }
        if (request.prologue().method().text().equals("OPTIONS")) {
            response.status(Status.NO_CONTENT_204).send();
            return;
        }
        boolean global = path.startsWith(GLOBAL);
        boolean mayChangeTags = global && (admin || Peer.isLocal(request));
        if (!open && !guarded.test(path) && !admin && !Peer.isLocal(request)) {
            refuse(
                    request,
                    response,
                    "datakit.publicAccessDisabled",
                    path
                            + " is for this host alone; allow it with public_apis"
                            + Peer.forwarded(request));
            return;
        }
        if (ours) {
            answer(new Call(request, path, now, mayChangeTags), response);
        } else {
            chain.proceed();
        }
    }

    private void refuse(
            ServerRequest request, ServerResponse response, String code, String message) {
        sendError(response, 403, code, message);
        count("other", request, 403, nanoTicker.getAsLong());
    }

    private void answer(Call call, ServerResponse response) {
        long started = nanoTicker.getAsLong();
        String method = call.request().prologue().method().text();
        Route route = find(method, call.path());
        String label = "other";
        try {
            if (route == null) {
                redirectOrNotFound(method, call, response);
            } else {
                label = route.label();
                if (isWithinRate(call, label, response)) {
                    route.handler().handle(call, response);
                }
            }
        } catch (RefusedException e) {
            Decoded.Refused refused = e.refused();
            if (refused.status() == Body.TIMEOUT) {
                count(label, call.request(), Body.TIMEOUT, started);
                throw new CloseConnectionException("sender was too slow: " + refused.message());
            }
            refuse(response, refused);
        } catch (IOException | RuntimeException e) {
            LOG.error("{} {} failed", method, call.path(), e);
            if (!response.isSent()) {
                sendError(
                        response,
                        500,
                        "datakit.internalError",
                        "the agent failed on this request; its log says why");
            }
        }
        count(label, call.request(), response.status().code(), started);
    }

    private @Nullable Route find(String method, String path) {
        Route named = routes.get(method + " " + path);
        if (named == null
                && path.startsWith(WRITE)
                && path.length() > WRITE.length()
                && path.indexOf('/', WRITE.length()) < 0
                && method.equals("POST")) {
            return new Route(WRITE + ":category", this::write);
        }
        return named;
    }

    private boolean isWithinRate(Call call, String label, ServerResponse response) {
        HttpSettings now = call.settings();
        boolean write = label.startsWith(WRITE);
        boolean known = !write || WriteDecoder.isCategory(call.path().substring(WRITE.length()));
        String key = Source.of(call.request().remotePeer()) + " " + (known ? call.path() : label);
        long wait = limiter.take(key, now.requestRate(), now.requestBurst());
        if (wait == 0) {
            return true;
        }
        response.header(HeaderNames.RETRY_AFTER, Long.toString(wait))
                .header(LIMIT, String.format(Locale.ROOT, "%.2f", now.requestRate()))
                .header(LIMIT_DURATION, "1");
        sendError(
                response,
                429,
                "datakit.reachMaxAPILimit",
                "over "
                        + now.requestRate()
                        + " requests a second to "
                        + call.path()
                        + ", which is [http] request_rate");
        refused.one(call.path() + " from " + peer(call.request()));
        return false;
    }

    private static String peer(ServerRequest request) {
        return request.remotePeer().address() instanceof InetSocketAddress peer
                        && peer.getAddress() != null
                ? peer.getAddress().getHostAddress()
                : "local";
    }

    private void write(Call call, ServerResponse response) throws RefusedException {
        String category = call.path().substring(WRITE.length());
        requireWrite(call);
        if (!WriteDecoder.isCategory(category)) {
            throw WriteDecoder.unknownCategory(category);
        }
        WriteRequest write = writeRequest(call, category);
        String name = write.input().isEmpty() ? category : write.input();
        Written written =
                take(call, write, WRITE + ":category", name, "v1-write." + name, decoder::decode);
        answer(write, written, response);
    }

    /// Logs of Fluentd, Fluent Bit and Logstash.
    private void writeLogs(Call call, ServerResponse response) throws RefusedException {
        requireWrite(call);
        Map<String, String> query = call.query();
        String peer = peer(call.request());
        LogStream logs =
                LogStream.of(
                        name -> query.getOrDefault(name, ""),
                        peer.equals("local") ? "localhost" : peer);
        WriteRequest write = writeRequest(call, Category.LOGGING.word());
        Written written =
                take(
                        call,
                        write,
                        LOGS,
                        write.input().isEmpty() ? "logstreaming" : write.input(),
                        "logstreaming." + logs.measurement(),
                        (request, body, maxDecoded, reservation, receivedNs, sink) ->
                                decoder.decode(
                                        logs,
                                        request,
                                        body,
                                        maxDecoded,
                                        reservation,
                                        receivedNs,
                                        sink));
        if (!written.echo().isEmpty()) {
            answer(write, written, response);
            return;
        }
        sayDropped(written, response);
        String notes = String.join("; ", logs.notes());
        if (!notes.isEmpty() && noted.compareAndSet(false, true)) {
            LOG.info("{} from {}: {} (said once)", LOGS, peer, notes);
        }
        sendJson(
                response,
                json -> {
                    json.writeStringField("status", "success");
                    if (!notes.isEmpty()) {
                        json.writeStringField("note", notes);
                    }
                });
    }

    private static void requireWrite(Call call) throws RefusedException {
        if (!Access.mayWrite(call.request(), call.settings())) {
            throw originRefused(call.request());
        }
    }

    private static WriteRequest writeRequest(Call call, String category) {
        Map<String, String> query = call.query();
        return WriteRequest.of(
                category,
                name -> query.getOrDefault(name, ""),
                header(call.request(), HeaderNames.CONTENT_TYPE),
                header(call.request(), HeaderNames.CONTENT_ENCODING));
    }

    private interface Decoding {
        Written decode(
                WriteRequest write,
                byte[] body,
                long maxDecoded,
                Reservation reservation,
                long receivedNs,
                PointSink sink)
                throws RefusedException;
    }

    /// Reads, decodes and stores a body.
    ///
    /// @param label of the meters
    /// @param source behind `http/`
    /// @param feed upstream's name of it, without the index
    private Written take(
            Call call,
            WriteRequest write,
            String label,
            String source,
            String feed,
            Decoding decoding)
            throws RefusedException {
        HttpSettings now = call.settings();
        try (Reservation reservation = inFlight.open(Source.of(call.request().remotePeer()))) {
            byte[] body = body(call, Math.min(now.maxBodyBytes(), LARGEST_BODY), reservation);
            DistributionSummary.builder("datakit_http_api_req_size")
                    .baseUnit("bytes")
                    .tags("api", label, "method", "POST")
                    .register(meters)
                    .record(body.length);
            long receivedNs = nowNs();
            Intake intake = pipeline.intake("http/" + source, write.tags(), 64 + body.length / 2);
            Written written =
                    decoding.decode(
                            write,
                            body,
                            Math.min(now.maxDecodedBytes(), LARGEST_BODY),
                            reservation,
                            receivedNs,
                            counted(intake, reservation));
            if (!write.dry()) {
                if (written.points() > 0) {
                    commit(intake, "http/" + source);
                }
                count(feed, write, written, receivedNs);
            }
            return written;
        }
    }

    /// Has the reservation hear of the bytes that the points become.
    private static PointSink counted(Intake intake, Reservation reservation) {
        return new PointSink() {
            private long told;

            @Override
            public void accept(Point point) throws RefusedException {
                intake.accept(point);
                long size = intake.size();
                if (size - told > COUNTED_STEP) {
                    reservation.add(size - told);
                    told = size;
                }
            }
        };
    }

    private static byte[] body(Call call, long limit, Reservation reservation)
            throws RefusedException {
        return Body.read(call.request(), limit, call.settings().timeout(), reservation);
    }

    private void count(String feed, WriteRequest write, Written written, long receivedNs) {
        feeds.count(feed, write, written.points(), receivedNs);
        if (written.dropped() > 0) {
            Counter.builder("trapline_points_dropped")
                    .tags("category", write.category())
                    .register(meters)
                    .increment(written.dropped());
        }
    }

    private static void sayDropped(Written written, ServerResponse response) {
        if (written.dropped() > 0) {
            response.header(DROPPED, Integer.toString(written.dropped()));
        }
    }

    private static void answer(WriteRequest write, Written written, ServerResponse response) {
        sayDropped(written, response);
        if (written.echo().isEmpty()) {
            response.send();
            return;
        }
        boolean lines = write.echo() == WriteRequest.Echo.LINE_PROTOCOL;
        send(
                response,
                200,
                lines ? "text/plain; charset=utf-8" : "application/json",
                written.echo());
    }

    private static void commit(Intake intake, String source) throws RefusedException {
        try {
            intake.commit();
        } catch (JournalFullException e) {
            throw new RefusedException(503, "datakit.journalFull", "not stored: " + e.getMessage());
        } catch (JournalException e) {
            LOG.error("points of {} could not be stored", source, e);
            throw new RefusedException(
                    500, "datakit.journalFailed", "not stored: " + e.getMessage());
        }
    }

    private void ping(Call call, ServerResponse response) {
        sendJson(
                response,
                json -> {
                    json.writeObjectFieldStart("content");
                    json.writeStringField("version", agent.version());
                    json.writeStringField("uptime", goDuration(uptimeMillis()));
                    json.writeStringField("host", agent.host());
                    json.writeStringField("commit", agent.commit());
                    json.writeEndObject();
                });
    }

    private void ntp(Call call, ServerResponse response) {
        sendJson(
                response,
                json -> json.writeNumberField("timestamp_sec", clock.instant().getEpochSecond()));
    }

    private void lastError(Call call, ServerResponse response) throws RefusedException {
        requireChange(call);
        byte[] body;
        try (Reservation reservation = inFlight.open(Source.of(call.request().remotePeer()))) {
            body = body(call, SMALL_BODY, reservation);
        }
        Map<String, String> members = texts(body);
        String input = members.getOrDefault("input", "");
        String text = members.getOrDefault("err_content", "");
        if (input.isEmpty() || text.isEmpty()) {
            throw invalidData("input and err_content are wanted, both not empty");
        }
        String source = members.getOrDefault("source", "");
        lastErrors.put(new LastError(input, source, text, nowNs()));
        Counter.builder("datakit_error")
                .tags("source", bounded(source.isEmpty() ? input : source), "category", "metric")
                .register(meters)
                .increment();
        response.send();
    }

    /// Label values come from clients: after a thousand texts, `other`.
    private String bounded(String source) {
        return lastErrors.all().size() < 1000 ? source : "other";
    }

    private static Map<String, String> texts(byte[] sent) throws RefusedException {
        byte[] body = JsonPointsParser.wellFormed(sent);
        Map<String, String> members = new LinkedHashMap<>();
        try (JsonParser json = JsonPointsParser.bytes(body)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw invalidData("a JSON object is wanted");
            }
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                if (json.nextToken() == JsonToken.VALUE_STRING) {
                    members.put(name, json.getText());
                } else {
                    json.skipChildren();
                }
            }
            if (json.nextToken() != null) {
                throw invalidData("something follows the JSON object");
            }
        } catch (JsonProcessingException e) {
            throw invalidData(JsonPointsParser.noJson(body, e));
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory", e);
        }
        return members;
    }

    private static RefusedException invalidData(String message) {
        return RefusedException.badRequest("datakit.invalidData", message);
    }

    private void setTags(Call call, ServerResponse response, boolean election)
            throws RefusedException, IOException {
        Map<String, String> tags = call.query();
        for (Map.Entry<String, String> tag : tags.entrySet()) {
            boolean fits =
                    !tag.getKey().isEmpty()
                            && tag.getKey().length() <= MAX_TAG_TEXT
                            && tag.getValue().length() <= MAX_TAG_TEXT
                            && tag.getKey().chars().noneMatch(Character::isISOControl)
                            && tag.getValue().chars().noneMatch(Character::isISOControl);
            if (!fits) {
                throw invalidData(
                        "a tag's key and value have 1 to 256 characters, no control characters");
            }
        }
        changeTags(call, response, election, layer -> layer.with(tags));
    }

    private void removeTags(Call call, ServerResponse response, boolean election)
            throws RefusedException, IOException {
        List<String> keys = List.of(call.query().getOrDefault("tags", "").split(",", -1));
        if (keys.size() > MAX_GLOBAL_TAGS) {
            throw invalidData("at most " + MAX_GLOBAL_TAGS + " tags at a time");
        }
        changeTags(
                call,
                response,
                election,
                layer -> layer.without(keys.stream().filter(key -> !key.isEmpty()).toList()));
    }

    private interface Change {
        Layer on(Layer layer);
    }

    private void changeTags(Call call, ServerResponse response, boolean election, Change change)
            throws RefusedException, IOException {
        if (Access.isOfPage(call.request())) {
            throw new RefusedException(
                    403,
                    "datakit.originNotAllowed",
                    "no page may change global tags; use a program, or `curl`");
        }
        if (!call.mayChangeTags()) {
            throw new RefusedException(
                    403,
                    "datakit.invalidToken",
                    "from another host this needs `Authorization: Bearer <token>` with the content"
                            + " of data/admin.token"
                            + (call.request().headers().contains(HeaderNames.AUTHORIZATION)
                                    ? "; what the request brought is not that"
                                    : "")
                            + Peer.forwarded(call.request()));
        }
        if (election && !globalTags.electionEnabled()) {
            sendMessage(response, 500, "election is off, there are no election tags to change");
            return;
        }
        synchronized (tagsLock) {
            Changes before = globalTags.changes();
            Changes after =
                    election
                            ? new Changes(before.host(), change.on(before.election()))
                            : new Changes(change.on(before.host()), before.election());
            Layer changed = election ? after.election() : after.host();
            if (changed.set().size() + changed.removed().size() > MAX_GLOBAL_TAGS) {
                throw invalidData("there may be " + MAX_GLOBAL_TAGS + " changed tags at most");
            }
            globalTagsStore.save(after);
            globalTags.change(after);
        }
        sendTags(response);
    }

    private void sendTags(ServerResponse response) {
        sendJson(
                response,
                json -> {
                    writeTags(json, "host-tags", globalTags.host());
                    writeTags(json, "election-tags", globalTags.election());
                    writeTags(json, "dataway-tags", Map.of());
                });
    }

    private static void writeTags(JsonGenerator json, String name, Map<String, String> tags)
            throws IOException {
        json.writeObjectFieldStart(name);
        for (Map.Entry<String, String> tag : new TreeMap<>(tags).entrySet()) {
            json.writeStringField(tag.getKey(), tag.getValue());
        }
        json.writeEndObject();
    }

    private static void cloudOnly(Call call, ServerResponse response) throws RefusedException {
        throw new RefusedException(
                501, "datakit.notImplemented", call.path() + " needs DataKit's cloud side");
    }

    private static void restart(Call call, ServerResponse response) throws RefusedException {
        throw new RefusedException(
                403, "datakit.invalidToken", "use POST /api/reload with the admin token");
    }

    private static void requireChange(Call call) throws RefusedException {
        if (!Access.mayChange(call.request(), call.settings())) {
            throw originRefused(call.request());
        }
    }

    private static RefusedException originRefused(ServerRequest request) {
        return new RefusedException(
                403,
                "datakit.originNotAllowed",
                "pages of "
                        + header(request, HeaderNames.ORIGIN)
                        + " may not do this; allow it with [http] allowed_origins in trapline.conf");
    }

    private static String header(ServerRequest request, HeaderName name) {
        return request.headers().first(name).orElse("");
    }

    private void redirectOrNotFound(String method, Call call, ServerResponse response) {
        String path = call.path();
        String stripped = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        if (stripped.equals(path) || find(method, stripped) == null) {
            notFound(call.request(), response);
            return;
        }
        String query = call.request().prologue().query().rawValue();
        String raw = call.request().path().rawPath();
        // Of what the client sent, without its last slash: a relative reference on this host.
        String target = raw.endsWith("/") ? raw.substring(0, raw.length() - 1) : stripped;
        response.header(HeaderNames.LOCATION, target + (query.isEmpty() ? "" : "?" + query));
        response.status(method.equals("GET") ? 301 : 307).send();
    }

    private void notFound(ServerRequest request, ServerResponse response) {
        HttpSettings now = settings.get();
        if (!response.headers().contains(HeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN)) {
            Access.addCors(request, response, now, true);
        }
        if (!response.headers().contains(X_DATAKIT)) {
            response.header(X_DATAKIT, agent.version() + "/" + agent.host());
        }
        if (now.disable404Page()) {
            response.status(Status.NOT_FOUND_404).send();
            return;
        }
        send(
                response,
                404,
                "text/html; charset=utf-8",
                "<!DOCTYPE html><html><head><title>404</title></head>"
                        + "<body><h1>Not found</h1></body></html>");
    }

    private static void refuse(ServerResponse response, Decoded.Refused refused) {
        if (refused.status() == 503) {
            response.header(HeaderNames.RETRY_AFTER, "5");
        }
        sendError(response, refused.status(), refused.code(), refused.message());
    }

    private interface Members {
        void write(JsonGenerator json) throws IOException;
    }

    private static String object(Members members) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JsonPointsParser.JSON.createGenerator(text)) {
            json.writeStartObject();
            members.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return text.toString();
    }

    private static void sendJson(ServerResponse response, Members members) {
        send(response, 200, "application/json", object(members));
    }

    private static void sendMessage(ServerResponse response, int status, String message) {
        String body = object(json -> json.writeStringField("message", message));
        send(response, status, "application/json", body);
    }

    private static void sendError(
            ServerResponse response, int status, String code, String message) {
        String body =
                object(json -> {
                    json.writeStringField("error_code", code);
                    json.writeStringField("message", message);
                });
        send(response, status, "application/json", body);
    }

    private static void send(ServerResponse response, int status, String type, String body) {
        if (type.equals("application/json")) {
            response.header(NOSNIFF, "nosniff");
        }
        response.status(status).header(HeaderNames.CONTENT_TYPE, type);
        response.send(body.getBytes(StandardCharsets.UTF_8));
    }

    private void count(String api, ServerRequest request, int status, long startedNanos) {
        String method = knownMethod(request.prologue().method().text());
        Counter.builder("datakit_http_api")
                .tags("api", api, "method", method, "status", Status.create(status).reasonPhrase())
                .register(meters)
                .increment();
        Timer.builder("datakit_http_api_elapsed")
                .tags("api", api, "method", method)
                .register(meters)
                .record(nanoTicker.getAsLong() - startedNanos, TimeUnit.NANOSECONDS);
    }

    private static String knownMethod(String method) {
        return switch (method) {
            case "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH" -> method;
            default -> "other";
        };
    }

    private long nowNs() {
        Instant now = clock.instant();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    private long uptimeMillis() {
        return Duration.between(agent.started(), clock.instant()).toMillis();
    }

    /// As Go writes durations: `3m4.5s`.
    static String goDuration(long millis) {
        StringBuilder text = new StringBuilder();
        if (millis >= 3_600_000) {
            text.append(millis / 3_600_000).append('h');
        }
        if (millis >= 60_000) {
            text.append(millis / 60_000 % 60).append('m');
        }
        return text.append(PointText.real(millis % 60_000 / 1000.0)).append('s').toString();
    }
}
