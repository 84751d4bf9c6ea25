package io.trapline.ingest.trap;

import io.helidon.common.uri.UriEncoding;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.ingest.ContentCoding;
import io.trapline.ingest.FirstBytes;
import io.trapline.ingest.Previews;
import io.trapline.ingest.RefusalLog;
import io.trapline.ingest.SecretMatch;
import io.trapline.ingest.SlidingRateLimiter;
import io.trapline.ingest.SteadyBody;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.journal.Origin;
import io.trapline.net.BrokenBodyException;
import io.trapline.period.BehindException;
import io.trapline.period.StreamLimitException;
import io.trapline.registry.PcrePattern;
import java.io.IOException;
import java.io.InputStream;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `PUT|POST|OPTIONS /module/httptrap/<uuid>/<secret>`: streams the body through the check's
/// decoder, has its measurements made durable part by part, and answers when all of them are.
public final class TrapHandler implements HttpService {
    private static final Logger LOG = LoggerFactory.getLogger(TrapHandler.class);
    private static final String PREFIX = "/module/httptrap/";
    private static final String MODULE = "httptrap";
    private static final String UNREADABLE = "Unable to read incoming payload";
    private static final String METHODS = "POST, PUT, OPTIONS";
    private static final HeaderName DEBUG = HeaderNames.create("x-circonus-httptrap-debug");
    private static final HeaderName ORIGIN = HeaderNames.create(Origin.HEADER);
    private static final int FULL_RETRY_S = 30;
    private static final int FAILED_RETRY_S = 5;
    private static final int STREAMS_RETRY_S = 60;
    private static final int BEHIND_RETRY_S = 5;
    private static final Pattern UUID_FORM =
            Pattern.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    private final TrapChecks checks;
    private final TrapSink sink;
    private final TrapLimits limits;
    private final InstantSource clock;
    private final LongSupplier nanoTicker;
    private final RefusalLog refusals;
    private final Previews previews;
    private final SlidingRateLimiter rates;
    private final ConcurrentHashMap<UUID, TrapDecoder> decoders = new ConcurrentHashMap<>();

    /// @param nanoTicker a clock that never jumps, for rates and slow senders
    /// @param previews submissions to a check with its secret are shown there
    public TrapHandler(
            TrapChecks checks,
            TrapSink sink,
            TrapLimits limits,
            InstantSource clock,
            LongSupplier nanoTicker,
            Previews previews) {
        this.checks = checks;
        this.sink = sink;
        this.limits = limits;
        this.clock = clock;
        this.nanoTicker = nanoTicker;
        refusals = new RefusalLog(LOG, nanoTicker);
        this.previews = previews;
        this.rates = new SlidingRateLimiter(nanoTicker);
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/module/httptrap", this::handle).any("/module/httptrap/*", this::handle);
    }

    private void handle(ServerRequest request, ServerResponse response) {
        Method method = request.prologue().method();
        boolean preflight = method.equals(Method.OPTIONS);
        if (!preflight && !method.equals(Method.PUT) && !method.equals(Method.POST)) {
            response.header(HeaderNames.ALLOW, METHODS);
            send(response, TrapReply.error(405, "method is not allowed here, send PUT or POST"));
            return;
        }
        switch (find(request)) {
            case Found.Missing(TrapReply reply) -> send(response, reply);
            case Found.Check(TrapCheck check) -> {
                if (preflight) {
                    preflight(check, request, response);
                } else {
                    TrapReply reply = submit(check, request);
                    if (reply.status() == 200) {
                        allowOrigin(check, request, response);
                    }
                    send(response, reply);
                }
            }
        }
    }

    /// By the path alone; what follows the secret is ignored.
    private Found find(ServerRequest request) {
        String path = request.path().absolute().rawPath();
        String rest = path.startsWith(PREFIX) ? path.substring(PREFIX.length()) : "";
        int slash = rest.indexOf('/');
        if (slash < 0) {
            return new Found.Missing(TrapReply.error(404, "bad uri"));
        }
        if (!UUID_FORM.matcher(rest.substring(0, slash)).matches()) {
            return new Found.Missing(TrapReply.error(404, "uuid parse error"));
        }
        int end = rest.indexOf('/', slash + 1);
        String secret = rest.substring(slash + 1, end < 0 ? rest.length() : end);
        Optional<TrapCheck> check = checks.find(UUID.fromString(rest.substring(0, slash)));
        if (check.isEmpty()) {
            return new Found.Missing(TrapReply.error(404, "no such check"));
        }
        if (!check.get().module().equals(MODULE)) {
            return new Found.Missing(TrapReply.error(404, "no such httptrap check"));
        }
        String expected = check.get().secret();
        if (!SecretMatch.same(expected, decoded(secret)) || expected.isEmpty()) {
            return new Found.Missing(TrapReply.error(403, "secret mismatch"));
        }
        return new Found.Check(check.get());
    }

    private TrapReply submit(TrapCheck check, ServerRequest request) {
        int wait = rates.tryAcquire(check.id(), check.rate());
        if (wait > 0) {
            return TrapReply.error(
                    429, "too many submissions: at most " + check.rate() + " in any 60 s", wait);
        }
        String coding = request.headers().first(HeaderNames.CONTENT_ENCODING).orElse("");
        try (InputStream raw = body(request);
                FirstBytes body = new FirstBytes(ContentCoding.decode(raw, coding))) {
            Answered answered = submit(check, request, body);
            previews.add(
                    check.source(),
                    answered.reply().status(),
                    body.toBytes(),
                    body.count(),
                    answered.notes());
            return answered.reply();
        } catch (ContentCoding.UnknownCodingException e) {
            return TrapReply.error(406, unreadable(String.valueOf(e.getMessage()), 0));
        } catch (IOException e) {
            return TrapReply.error(
                    406,
                    unreadable(
                            BrokenBodyException.reason(
                                    e, "it is not compressed as its Content-Encoding says"),
                            0));
        }
    }

    private Answered submit(TrapCheck check, ServerRequest request, InputStream body) {
        long arrivalMs = clock.millis();
        // Each check has its own sequences: only who knows the secret gets at them.
        Optional<Origin> origin =
                request.headers()
                        .first(ORIGIN)
                        .flatMap(Origin::parse)
                        .map(sent -> sent.within(check.source()));
        PartBuffer parts = new PartBuffer(check, arrivalMs, origin, sink);
        try {
            TrapResult result = decoder(check).decode(body, arrivalMs, parts);
            boolean unreadable = result instanceof TrapResult.Unreadable;
            if (unreadable && parts.isWhole()) {
                return Answered.failed(503, "nothing was kept, send all of it again", 1);
            }
            // What came before an error in the text stays; what a transfer that failed has brought
            // is not kept, as far as it is not: it will be sent again.
            if (!unreadable && (result instanceof TrapResult.Done || !parts.isWhole())) {
                parts.flush();
            }
            return new Answered(reply(check, request, result, parts.kept()), notes(result));
        } catch (StreamLimitException e) {
            refusals.notKept("the whole of a submission to check " + check.id(), e);
            return Answered.failed(429, e.getMessage() + kept(parts.kept()), STREAMS_RETRY_S);
        } catch (BehindException e) {
            refusals.notKept("the whole of a submission to check " + check.id(), e);
            return Answered.failed(
                    503,
                    "sums go on from the running period, and "
                            + e.getMessage()
                            + kept(parts.kept())
                            + "; try again",
                    BEHIND_RETRY_S);
        } catch (JournalException e) {
            boolean full = e instanceof JournalFullException;
            refusals.notKept("a submission to check " + check.id(), e);
            return Answered.failed(
                    503,
                    (full
                                    ? "no room to keep the data, try again later"
                                    : "the data could not be written, try again later")
                            + kept(parts.kept())
                            + (e.isUnknown() ? ", as far as that is known" : ""),
                    full ? FULL_RETRY_S : FAILED_RETRY_S);
        }
    }

    /// What a sender must know before it sends again.
    private static String kept(long measurements) {
        return measurements == 0
                ? "; nothing of it was kept"
                : "; its first "
                        + measurements
                        + (measurements == 1 ? " metric is" : " metrics are")
                        + " kept, the rest is not";
    }

    private static String unreadable(String reason, long kept) {
        return UNREADABLE + ": " + reason + kept(kept);
    }

    private static List<String> notes(TrapResult result) {
        return switch (result) {
            case TrapResult.Malformed(_, String message) -> List.of(message);
            case TrapResult.Unreadable(_, String reason) -> List.of(UNREADABLE + ": " + reason);
            case TrapResult.Done(_, _, Optional<String> error) -> error.stream().toList();
        };
    }

    private InputStream body(ServerRequest request) {
        return request.content().hasEntity()
                ? new SteadyBody(request.content().inputStream(), nanoTicker)
                : InputStream.nullInputStream();
    }

    private TrapReply reply(TrapCheck check, ServerRequest request, TrapResult result, long kept) {
        return switch (result) {
            case TrapResult.Malformed(_, String message) ->
                    TrapReply.error(406, message + kept(kept));
            case TrapResult.Unreadable(long stats, String reason) -> {
                LOG.info(
                        "a submission to check {} failed after {} values: {}",
                        check.id(),
                        stats,
                        reason);
                yield TrapReply.error(406, unreadable(reason, kept));
            }
            case TrapResult.Done(long stats, long filtered, Optional<String> error) ->
                    request.headers().first(DEBUG).filter("true"::equals).isPresent()
                            ? debug(check, stats)
                            : TrapReply.done(stats, filtered, error);
        };
    }

    /// All of the submission is kept when this is asked for.
    private TrapReply debug(TrapCheck check, long stats) {
        try {
            return TrapReply.debug(stats, sink.running(check));
        } catch (BehindException e) {
            return TrapReply.noDebug(stats, "all of it is kept, but " + e.getMessage());
        }
    }

    /// One decoder for a check, until the check changes: it holds what the filter set learned.
    private TrapDecoder decoder(TrapCheck check) {
        return decoders.compute(
                check.id(),
                (_, known) ->
                        known != null && known.check().equals(check)
                                ? known
                                : new TrapDecoder(check, limits));
    }

    private static void preflight(TrapCheck check, ServerRequest request, ServerResponse response) {
        if (allowOrigin(check, request, response)) {
            response.header("Access-Control-Allow-Methods", METHODS)
                    .header("Access-Control-Allow-Headers", "Content-Type");
        }
        response.status(Status.NO_CONTENT_204).send();
    }

    private static boolean allowOrigin(
            TrapCheck check, ServerRequest request, ServerResponse response) {
        Optional<String> origin =
                request.headers()
                        .first(HeaderNames.ORIGIN)
                        .filter(sent ->
                                check.corsOrigin()
                                        .map(pattern -> PcrePattern.isFound(pattern, sent))
                                        .orElse(true));
        origin.ifPresent(allowed ->
                response.header("Access-Control-Allow-Origin", allowed)
                        .header(HeaderNames.VARY, "Origin"));
        return origin.isPresent();
    }

    private static String decoded(String segment) {
        try {
            // In a path a plus is a plus; the decoder has forms in mind.
            return UriEncoding.decodeUri(segment.replace("+", "%2B"));
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private static void send(ServerResponse response, TrapReply reply) {
        response.status(Status.create(reply.status()))
                .header(HeaderNames.CONTENT_TYPE, "application/json");
        if (reply.retryAfterS() > 0) {
            response.header(HeaderNames.RETRY_AFTER, Integer.toString(reply.retryAfterS()));
        }
        response.send(reply.body());
    }

    /// @param notes for the preview
    private record Answered(TrapReply reply, List<String> notes) {
        static Answered failed(int status, String message, int retryAfterS) {
            return new Answered(TrapReply.error(status, message, retryAfterS), List.of(message));
        }
    }

    private sealed interface Found {
        record Check(TrapCheck check) implements Found {}

        record Missing(TrapReply reply) implements Found {}
    }
}
