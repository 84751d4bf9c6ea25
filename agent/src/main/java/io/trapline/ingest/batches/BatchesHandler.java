package io.trapline.ingest.batches;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.config.OutsideJson;
import io.trapline.ingest.ContentCoding;
import io.trapline.ingest.HeldBody;
import io.trapline.ingest.RequestMemory;
import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.journal.Origin;
import io.trapline.net.BrokenBodyException;
import io.trapline.pipeline.BatchCodec;
import io.trapline.pipeline.BatchFrames;
import io.trapline.pipeline.BatchFrames.Received;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `POST /v1/batches`: another Trapline's journal frames, with `Authorization: Bearer <[core]
/// token>`. All frames of a request become durable together, each once for its sender and position;
/// the answer is `{"frames": N, "kept": M}`, where N − M were there before.
public final class BatchesHandler implements HttpService {
    private static final Logger LOG = LoggerFactory.getLogger(BatchesHandler.class);
    private static final ObjectMapper JSON = OutsideJson.mapper();
    private static final HeaderName SENDER = HeaderNames.create(BatchFrames.SENDER_HEADER);
    private static final Pattern SENDER_TEXT = Pattern.compile("[\\x21-\\x7e]{0,200}");
    private static final String SCOPE = "core";
    private static final String BEARER = "Bearer ";
    private static final int FULL_RETRY_S = 30;

    /// A request is held in memory as a whole.
    private static final int AT_ONCE = 4;

    /// Bytes of heap that a byte of a frame takes while it is looked at.
    private static final int DECODED = 4;

    private final Journal journal;
    private final Supplier<String> token;
    private final Semaphore slots = new Semaphore(AT_ONCE, true);

    /// @param token the one in force; empty = nobody may
    public BatchesHandler(Journal journal, Supplier<String> token) {
        this.journal = journal;
        this.token = token;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/v1/batches", this::handle);
    }

    private record Reply(int status, int retryAfterS, Map<String, Object> body) {
        static Reply failure(int status, String error) {
            return new Reply(status, 0, Map.of("error", error));
        }

        static Reply later(int seconds, String error) {
            return new Reply(503, seconds, Map.of("error", error));
        }
    }

    private void handle(ServerRequest request, ServerResponse response)
            throws JsonProcessingException {
        Reply reply = reply(request);
        response.status(reply.status())
                .header(HeaderNames.CONTENT_TYPE, "application/json; charset=utf-8");
        if (reply.retryAfterS() > 0) {
            response.header(HeaderNames.RETRY_AFTER, Integer.toString(reply.retryAfterS()));
        }
        response.send(JSON.writeValueAsBytes(reply.body()));
    }

    private Reply reply(ServerRequest request) {
        if (!request.prologue().method().equals(Method.POST)) {
            return Reply.failure(405, "method is not allowed here, send POST");
        }
        String expected = token.get();
        if (expected.isEmpty()) {
            return Reply.failure(
                    403, "this core takes no batches; [core] token in its trapline.conf allows it");
        }
        if (!admits(expected, request.headers().first(HeaderNames.AUTHORIZATION))) {
            return Reply.failure(
                    401,
                    "this needs `Authorization: Bearer <token>` with this core's [core] token");
        }
        String sender = request.headers().first(SENDER).orElse("");
        if (!SENDER_TEXT.matcher(sender).matches()) {
            return Reply.failure(400, BatchFrames.SENDER_HEADER + " is not 1 to 200 signs");
        }
        if (!slots.tryAcquire()) {
            return Reply.later(1, "too many batches at once, try again");
        }
        try (RequestMemory.Hold memory = RequestMemory.SHARED.open()) {
            return keep(sender, read(request, memory), memory);
        } catch (RequestMemory.ExhaustedException e) {
            return Reply.later(1, e.getMessage() + "; nothing was kept");
        } catch (BatchFrames.FormatException e) {
            return Reply.failure(400, String.valueOf(e.getMessage()));
        } catch (ContentCoding.UnknownCodingException e) {
            return Reply.failure(400, String.valueOf(e.getMessage()));
        } catch (IOException | UncheckedIOException | BrokenBodyException e) {
            // Cut off on the way: the same body may well arrive whole.
            return Reply.later(1, "the body could not be read or inflated, send it again");
        } finally {
            slots.release();
        }
    }

    private static boolean admits(String expected, Optional<String> authorization) {
        String given = authorization.filter(text -> text.startsWith(BEARER)).orElse(BEARER);
        return MessageDigest.isEqual(
                expected.getBytes(StandardCharsets.UTF_8),
                given.substring(BEARER.length()).strip().getBytes(StandardCharsets.UTF_8));
    }

    private static List<Received> read(ServerRequest request, RequestMemory.Hold memory)
            throws IOException, BatchFrames.FormatException {
        String coding = request.headers().first(HeaderNames.CONTENT_ENCODING).orElse("");
        List<Received> received = new ArrayList<>();
        try (InputStream in = ContentCoding.decode(request.content().inputStream(), coding)) {
            BatchFrames frames = new BatchFrames(new HeldBody(in, memory, Long.MAX_VALUE));
            for (Optional<Received> next = frames.next(); next.isPresent(); next = frames.next()) {
                received.add(next.get());
            }
        }
        return received;
    }

    private Reply keep(String sender, List<Received> received, RequestMemory.Hold memory) {
        for (int i = 0; i < received.size(); i++) {
            long decoded = (long) DECODED * received.get(i).bytes().length;
            try {
                memory.add(decoded);
                BatchCodec.decode(received.get(i).bytes());
                memory.release(decoded);
            } catch (IllegalStateException | IndexOutOfBoundsException e) {
                return Reply.failure(
                        400, "frame[" + i + "]: this core cannot read it: " + e.getMessage());
            }
        }
        try {
            int kept = sender.isEmpty() ? appendAll(received) : appendOnce(sender, received);
            return new Reply(200, 0, Map.of("frames", received.size(), "kept", kept));
        } catch (JournalFullException e) {
            LOG.warn("batches of {} not kept: {}", sender, e.getMessage());
            return Reply.later(FULL_RETRY_S, "no room to keep the batches, try again later");
        } catch (JournalException e) {
            LOG.error("batches of {} not kept", sender, e);
            return Reply.failure(500, "the batches could not be written");
        }
    }

    private int appendAll(List<Received> received) throws JournalException {
        for (Received frame : received) {
            journal.append(frame.bytes());
        }
        return received.size();
    }

    private int appendOnce(String sender, List<Received> received) throws JournalException {
        List<Journal.Arrival> arrivals = new ArrayList<>(received.size());
        for (Received frame : received) {
            Origin origin = new Origin(sender, frame.position(), 0).within(SCOPE);
            arrivals.add(new Journal.Arrival(origin, frame.bytes()));
        }
        return journal.appendOnce(arrivals);
    }
}
