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
import io.trapline.ingest.RefusalLog;
import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.journal.Origin;
import io.trapline.net.BrokenBodyException;
import io.trapline.pipeline.BatchCodec;
import io.trapline.pipeline.BatchFrames;
import io.trapline.pipeline.BatchFrames.Received;
import io.trapline.pipeline.BatchSender;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `POST /v1/batches`: another Trapline's journal frames, with `Authorization: Bearer <[core]
/// token>`. All frames of a request become durable together, each once for its sender and position.
///
/// ```
/// 200 {"frames": N, "kept": M, "journal": "<identity>"}
///     and, when M < N: "passed_over": {"frames": N − M, "first": position, "last": position}:
///     they are not after the last position that is remembered of the sender
/// 409 nothing was kept, because the sender's headers ([BatchSender]) say that it would be wrong
///     to: with "known": P, something new to the sender is not after P, the last position of its
///     name, so that another sender, or another state of this one, has used it ("checksum": CRC32C
///     of the bytes of the frame at P tells a clone that has the same frame from one that has not);
///     with "missing": [{"sender", "after", "up_to"}], this core acknowledged these positions once
///     and has forgotten them, as one that was put back to a backup does
/// ```
public final class BatchesHandler implements HttpService {
    private static final Logger LOG = LoggerFactory.getLogger(BatchesHandler.class);
    private static final ObjectMapper JSON = OutsideJson.mapper();
    private static final HeaderName SENDER = HeaderNames.create(BatchFrames.SENDER_HEADER);
    private static final Pattern SENDER_TEXT = Pattern.compile("[\\x21-\\x7e]{0,200}");
    private static final HeaderName NEW_FROM = HeaderNames.create(BatchSender.NEW_FROM_HEADER);
    private static final HeaderName ACKNOWLEDGED =
            HeaderNames.create(BatchSender.ACKNOWLEDGED_HEADER);
    private static final String SCOPE = "core";
    private static final String BEARER = "Bearer ";
    private static final int FULL_RETRY_S = 30;
    private static final int FAILED_RETRY_S = 5;

    /// A request is held in memory as a whole.
    private static final int AT_ONCE = 4;

    private final Journal journal;
    private final Supplier<String> token;
    private final RefusalLog refusals = new RefusalLog(LOG, System::nanoTime);
    private final Semaphore slots = new Semaphore(AT_ONCE, true);

    /// Nothing of the same name comes between looking at what is remembered of it and appending.
    private final List<ReentrantLock> names =
            Stream.generate(ReentrantLock::new).limit(4 * AT_ONCE).toList();

    private final AtomicLong passedOver = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong missing = new AtomicLong();

    /// What came here that was not simply kept, since the start.
    ///
    /// @param passedOver frames that were here before
    /// @param conflicts requests of which nothing was kept, because the sender's name was in use
    ///   or this core has forgotten what it acknowledged
    /// @param missing positions that this core acknowledged once and does not know any more
    public record Status(long passedOver, long conflicts, long missing) {}

    /// @param token the one in force; empty = nobody may
    public BatchesHandler(Journal journal, Supplier<String> token) {
        this.journal = journal;
        this.token = token;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/v1/batches", this::handle);
    }

    public Status status() {
        return new Status(passedOver.get(), refused.get(), missing.get());
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
        try {
            BatchSender said =
                    BatchSender.parse(
                            sender,
                            request.headers().first(NEW_FROM).orElse(""),
                            request.headers().first(ACKNOWLEDGED).orElse(""));
            return keep(said, read(request));
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

    private static List<Received> read(ServerRequest request)
            throws IOException, BatchFrames.FormatException {
        String coding = request.headers().first(HeaderNames.CONTENT_ENCODING).orElse("");
        List<Received> received = new ArrayList<>();
        try (InputStream in = ContentCoding.decode(request.content().inputStream(), coding)) {
            BatchFrames frames = new BatchFrames(in);
            for (Optional<Received> next = frames.next(); next.isPresent(); next = frames.next()) {
                received.add(next.get());
            }
        }
        return received;
    }

    private Reply keep(BatchSender sender, List<Received> received) {
        for (int i = 0; i < received.size(); i++) {
            try {
                BatchCodec.decode(received.get(i).bytes());
            } catch (IllegalStateException | IndexOutOfBoundsException e) {
                return Reply.failure(
                        400, "frame[" + i + "]: this core cannot read it: " + e.getMessage());
            }
        }
        String name = sender.name();
        try {
            if (name.isEmpty()) {
                return kept(received, appendAll(received));
            }
            ReentrantLock lock = names.get(Math.floorMod(name.hashCode(), names.size()));
            lock.lock();
            try {
                Optional<Reply> conflict = conflict(sender, received.size());
                return conflict.isPresent()
                        ? conflict.get()
                        : kept(received, appendOnce(name, received));
            } finally {
                lock.unlock();
            }
        } catch (JournalException e) {
            boolean full = e instanceof JournalFullException;
            refusals.notKept("a request with batches of " + name, e);
            return Reply.later(
                    full ? FULL_RETRY_S : FAILED_RETRY_S,
                    full
                            ? "no room to keep the batches, try again later"
                            : "the batches could not be written, try again later");
        }
    }

    /// Frames are passed over from the first on: what is remembered is a position.
    private Reply kept(List<Received> received, int kept) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("frames", received.size());
        body.put("kept", kept);
        body.put("journal", journal.identity());
        int before = received.size() - kept;
        if (before > 0) {
            passedOver.addAndGet(before);
            body.put(
                    "passed_over",
                    Map.of(
                            "frames",
                            before,
                            "first",
                            received.getFirst().position(),
                            "last",
                            received.get(before - 1).position()));
        }
        return new Reply(200, 0, body);
    }

    private Optional<Reply> conflict(BatchSender sender, int frames) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("frames", frames);
        body.put("kept", 0);
        body.put("journal", journal.identity());
        List<String> reasons = new ArrayList<>();
        Journal.Memory memory = last(sender.name());
        long known = memory.last().map(Origin::position).orElse(0L);
        if (sender.newFrom().isPresent() && sender.newFrom().getAsLong() <= known) {
            body.put("known", known);
            memory.sum().ifPresent(sum -> body.put("checksum", sum));
            reasons.add(
                    "position %d is new to the sender, and this core has positions up to %d of its name"
                                    .formatted(sender.newFrom().getAsLong(), known)
                            + ": another sender or an earlier state of it used the name");
        }
        List<Map<String, Object>> gone = new ArrayList<>();
        for (BatchSender.Acknowledged one : sender.acknowledged()) {
            missing(one).ifPresent(after -> {
                gone.add(Map.of("sender", one.sender(), "after", after, "up_to", one.upTo()));
                missing.addAndGet(one.upTo() - after);
                reasons.add(
                        "this core acknowledged %s up to position %d and knows it up to %d: it was put back to an earlier state"
                                .formatted(one.sender(), one.upTo(), after));
            });
        }
        if (reasons.isEmpty()) {
            return Optional.empty();
        }
        if (!gone.isEmpty()) {
            body.put("missing", gone);
        }
        refused.incrementAndGet();
        String error = String.join("; ", reasons);
        LOG.warn(
                "batches of {}: {}; nothing of the request was kept, the sender goes on under a new"
                        + " name and sends again what it still has",
                sender.name(),
                error);
        body.put("error", error);
        return Optional.of(new Reply(409, 0, body));
    }

    /// After which position something is missing that this journal acknowledged. Nothing can be
    /// said about what went into another journal, or about a name that had to be given up.
    private Optional<Long> missing(BatchSender.Acknowledged one) {
        if (!one.journal().equals(journal.identity())) {
            return Optional.empty();
        }
        Journal.Memory memory = last(one.sender());
        if (memory.last().isEmpty() && !memory.complete()) {
            return Optional.empty();
        }
        long known = Math.max(one.after(), memory.last().map(Origin::position).orElse(0L));
        return known < one.upTo() ? Optional.of(known) : Optional.empty();
    }

    private Journal.Memory last(String sender) {
        return journal.memory(new Origin(sender, 0, 0).within(SCOPE).sender());
    }

    private int appendAll(List<Received> received) throws JournalException {
        journal.appendAll(received.stream().map(Received::bytes).toList());
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
