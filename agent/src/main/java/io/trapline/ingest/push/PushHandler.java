package io.trapline.ingest.push;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.ingest.ContentCoding;
import io.trapline.ingest.EntrySink;
import io.trapline.ingest.Previews;
import io.trapline.ingest.RefusalLog;
import io.trapline.ingest.SteadyBody;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.journal.Origin;
import io.trapline.journal.Repeats;
import io.trapline.net.BrokenBodyException;
import io.trapline.net.SlowSenders;
import io.trapline.net.Source;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `POST /v2/push/`, with and without the last slash: reads the body with its limit, has it decoded
/// and made durable, and only then answers 200.
public final class PushHandler implements HttpService {
    private static final Logger LOG = LoggerFactory.getLogger(PushHandler.class);
    private static final int AT_ONCE = 256;

    /// Of these, for one address or one user of this host.
    private static final int MOST_OF_ONE = AT_ONCE / 2;

    /// For a body, with a second more for each 64 KiB: it holds a place meanwhile.
    private static final Duration BODY_TIME = Duration.ofSeconds(30);

    private static final int QUEUE_WAIT_S = 5;
    private static final int FULL_RETRY_S = 30;
    private static final int FAILED_RETRY_S = 5;

    private static final HeaderName ORIGIN = HeaderNames.create(Origin.HEADER);
    private static final HeaderName REQUEST_ID = HeaderNames.create(Repeats.HEADER);

    private final Function<byte[], PushOutcome> decoder;
    private final EntrySink sink;
    private final PushLimits limits;
    private final LongSupplier nanoTicker;
    private final RefusalLog refusals;
    private final Previews previews;
    private final Semaphore slots = new Semaphore(AT_ONCE, true);
    private final ConcurrentHashMap<Source, Integer> atWork = new ConcurrentHashMap<>();

    /// @param nanoTicker a clock that never jumps, for slow senders
    /// @param previews what proved its data_id is shown there
    public PushHandler(
            PushDecoder decoder,
            EntrySink sink,
            PushLimits limits,
            LongSupplier nanoTicker,
            Previews previews) {
        this(decoder::decode, sink, limits, nanoTicker, previews);
    }

    PushHandler(
            Function<byte[], PushOutcome> decoder,
            EntrySink sink,
            PushLimits limits,
            LongSupplier nanoTicker,
            Previews previews) {
        this.decoder = decoder;
        this.sink = sink;
        this.limits = limits;
        this.nanoTicker = nanoTicker;
        refusals = new RefusalLog(LOG, nanoTicker);
        this.previews = previews;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/v2/push", this::handle).any("/v2/push/", this::handle);
    }

    private void handle(ServerRequest request, ServerResponse response) {
        // The router takes `//` for `/`.
        if (request.path().absolute().rawPath().contains("//")) {
            send(response, PushReply.failure(404, "no such path", 0));
            return;
        }
        // The content type is never looked at: curl sends the form type, scripts send none.
        if (!request.prologue().method().equals(Method.POST)) {
            response.header(HeaderNames.ALLOW, "POST");
            send(response, PushReply.failure(405, "method is not allowed here, send POST", 0));
            return;
        }
        // A sender alone waits for itself: the places of others stay free.
        Source source = Source.of(request.remotePeer());
        if (atWork.merge(source, 1, Integer::sum) > MOST_OF_ONE) {
            leave(source);
            send(
                    response,
                    PushReply.failure(
                            429, "too many requests of one sender at once, try again", 1));
            return;
        }
        boolean entered = false;
        try {
            entered = slots.tryAcquire(QUEUE_WAIT_S, TimeUnit.SECONDS);
            send(
                    response,
                    entered
                            ? answer(request)
                            : PushReply.failure(429, "too many requests at once, try again", 1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            send(response, PushReply.failure(503, "the receiver is stopping, try again", 1));
        } finally {
            if (entered) {
                slots.release();
            }
            leave(source);
        }
    }

    private void leave(Source source) {
        atWork.computeIfPresent(source, (_, count) -> count == 1 ? null : count - 1);
    }

    private PushReply answer(ServerRequest request) {
        if (request.headers().contentLength().orElse(0) > limits.maxBodyBytes()) {
            return refused(PushDecoder.tooLarge(limits));
        }
        byte[] body;
        try {
            body = read(request);
        } catch (ContentCoding.UnknownCodingException e) {
            return PushReply.failure(400, String.valueOf(e.getMessage()), 0);
        } catch (IOException e) {
            return PushReply.failure(
                    400,
                    BrokenBodyException.reason(
                                    e,
                                    "the body could not be read to its end, or is not compressed"
                                            + " as its Content-Encoding says")
                            + "; nothing of it was kept",
                    0);
        }
        PushOutcome outcome = decoder.apply(body);
        PushReply reply =
                switch (outcome) {
                    case PushOutcome.Refused refused -> refused(refused);
                    case PushOutcome.Accepted accepted ->
                            keep(accepted, origin(request, accepted.source(), body));
                };
        if (outcome.dataId().isPresent()) {
            List<String> notes =
                    outcome instanceof PushOutcome.Accepted accepted && reply.status() == 200
                            ? accepted.warnings()
                            : List.of(reply.message());
            previews.add(
                    "push/" + outcome.dataId().getAsLong(),
                    reply.status(),
                    Arrays.copyOf(body, Math.min(body.length, Previews.MAX_BYTES)),
                    body.length,
                    notes);
        }
        return reply;
    }

    /// What a sender calls the request, so that it can send it again without doubling it.
    private static Optional<Origin> origin(ServerRequest request, String source, byte[] body) {
        // Each data_id has its own sequences: only who knows the token gets at them.
        return request.headers()
                .first(ORIGIN)
                .flatMap(Origin::parse)
                .map(sent -> sent.within(source))
                .or(() ->
                        request.headers()
                                .first(REQUEST_ID)
                                .filter(Repeats::isId)
                                .map(id -> Repeats.origin(source, id, body)));
    }

    private PushReply keep(PushOutcome.Accepted accepted, Optional<Origin> origin) {
        try {
            if (origin.isPresent()) {
                sink.acceptOnce(accepted.source(), accepted.entries(), origin.get());
            } else {
                sink.accept(accepted.source(), accepted.entries());
            }
        } catch (JournalException e) {
            boolean full = e instanceof JournalFullException;
            String kept =
                    e.isUnknown()
                            ? "whether this request was kept is unknown"
                            : "nothing of this request was kept";
            PushReply reply =
                    PushReply.failure(
                            503,
                            (full
                                            ? "no room to keep the data, "
                                            : "the data could not be written, ")
                                    + kept
                                    + ", try again later",
                            full ? FULL_RETRY_S : FAILED_RETRY_S);
            refusals.notKept("push " + reply.requestId() + " of " + accepted.source(), e);
            return reply;
        }
        PushReply reply = PushReply.success();
        if (!accepted.warnings().isEmpty()) {
            LOG.debug(
                    "push {} of {} taken with warnings: {}",
                    reply.requestId(),
                    accepted.source(),
                    accepted.warnings());
        }
        return reply;
    }

    private static PushReply refused(PushOutcome.Refused refused) {
        PushReply reply =
                PushReply.failure(refused.status(), refused.message(), refused.retryAfterS());
        // What strangers and floods send must not fill the log.
        if (refused.dataId().isPresent() && refused.status() != 429) {
            LOG.info(
                    "push {} for data_id {} refused with {}: {}",
                    reply.requestId(),
                    refused.dataId().getAsLong(),
                    reply.status(),
                    reply.message());
        }
        return reply;
    }

    /// One byte more than the limit is enough to know that the body is too large.
    private byte[] read(ServerRequest request) throws IOException {
        if (!request.content().hasEntity()) {
            return new byte[0];
        }
        String coding = request.headers().first(HeaderNames.CONTENT_ENCODING).orElse("");
        InputStream raw = new SteadyBody(request.content().inputStream(), nanoTicker);
        try (SlowSenders.Watch watch = SlowSenders.watch(BODY_TIME);
                InputStream in = ContentCoding.decode(counted(raw, watch), coding)) {
            return in.readNBytes(limits.maxBodyBytes() + 1);
        }
    }

    private static InputStream counted(InputStream in, SlowSenders.Watch watch) {
        return new FilterInputStream(in) {
            @Override
            public int read() throws IOException {
                int read = super.read();
                watch.received(read < 0 ? 0 : 1);
                return read;
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                int read = super.read(buffer, offset, length);
                watch.received(Math.max(0, read));
                return read;
            }
        };
    }

    private static void send(ServerResponse response, PushReply reply) {
        response.status(Status.create(reply.status()))
                .header(HeaderNames.CONTENT_TYPE, "application/json; charset=utf-8");
        if (reply.retryAfterS() > 0) {
            response.header(HeaderNames.RETRY_AFTER, Integer.toString(reply.retryAfterS()));
        }
        response.send(reply.body());
    }
}
