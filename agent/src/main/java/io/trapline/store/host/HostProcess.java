package io.trapline.store.host;

import io.trapline.store.QueryException;
import io.trapline.store.QueryException.Reason;
import io.trapline.store.QueryResult;
import io.trapline.store.Store.Asker;
import io.trapline.store.host.Message.Kind;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One store host, from its start to its end. Any thread may call any method; [#follow] belongs to
/// the one that keeps hosts alive.
final class HostProcess {
    private static final Logger LOG = LoggerFactory.getLogger(HostProcess.class);

    /// Of a statement that was told to end. The product's own are short by themselves: when one is
    /// late, the machine is busy.
    private static final Duration GRACE = Duration.ofSeconds(2);

    private static final Duration GRACE_OF_PRODUCT = Duration.ofSeconds(20);

    /// Of statements in messages.
    private static final int SHOWN = 300;

    private static final int MOST_SHOWN = 5;

    /// SIGHUP, SIGINT, SIGKILL, SIGTERM: nothing that a process does by itself ends with them.
    private static final Set<Integer> FROM_OUTSIDE = Set.of(1, 2, 9, 15);

    private static final long LOOK_EVERY_MS = 50;
    private static final Reason[] REASONS = Reason.values();

    private final Process process;
    private final OutputStream to;
    private final ReentrantLock writing = new ReentrantLock();
    private final AtomicLong numbers = new AtomicLong();
    private final Map<Long, CompletableFuture<Message>> asked = new ConcurrentHashMap<>();
    private volatile @Nullable String killedBecause;
    private volatile boolean exceededMemory;
    private volatile int askedAtEnd;
    private final Map<Long, String> statements = new ConcurrentHashMap<>();
    private volatile boolean over;
    private volatile boolean open;
    private volatile long lastHeard = System.nanoTime();
    private volatile int exitCode;
    private volatile String lastLine = "";

    /// What the agent hears of a host, by the thread that follows it.
    interface Listener {
        void heard(Message message) throws IOException;
    }

    private HostProcess(Process process) {
        this.process = process;
        to = process.getOutputStream();
    }

    static HostProcess start(List<String> line) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(line);
        // Of the environment it needs nothing, and what is secret there is none of its business.
        builder.environment().keySet().retainAll(List.of("LANG", "LC_ALL", "MALLOC_ARENA_MAX"));
        Process process = builder.start();
        HostProcess host = new HostProcess(process);
        boolean followed = false;
        try {
            Thread.ofPlatform().daemon().name("store-host-stderr").start(host::followErrors);
            followed = true;
        } finally {
            if (!followed) {
                process.destroyForcibly(); // no thread: nobody would hear of it
            }
        }
        return host;
    }

    long pid() {
        return process.pid();
    }

    boolean isAsked() {
        return !asked.isEmpty();
    }

    /// Its database is open, or failed to open: from now on it answers statements.
    void opened() {
        open = true;
    }

    boolean isOpen() {
        return open;
    }

    /// Whether it is gone, or about to be.
    boolean hasEnded() {
        return over || killedBecause != null;
    }

    /// Why the agent ended it, if it did.
    Optional<String> killedBecause() {
        return Optional.ofNullable(killedBecause);
    }

    /// What its end says of the frames it had, once [#follow] has returned.
    CrashAttribution.End end() {
        if (askedAtEnd > 0 || (killedBecause != null && !exceededMemory)) {
            return CrashAttribution.End.OTHER;
        }
        return killedBecause == null && FROM_OUTSIDE.contains(exitCode - 128)
                ? CrashAttribution.End.SIGNAL
                : CrashAttribution.End.ITSELF;
    }

    /// Hears the host to its end; the answer says how that was.
    String follow(Listener listener) throws InterruptedException {
        String trouble = "";
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16))) {
            Optional<Message> message = Message.read(in);
            while (message.isPresent()) {
                lastHeard = System.nanoTime();
                hear(message.get(), listener);
                message = Message.read(in);
            }
        } catch (IOException | RuntimeException e) { // what a host says is not trusted
            trouble = ": " + e;
        } finally {
            boolean _ = process.waitFor(500, TimeUnit.MILLISECONDS);
            process.destroyForcibly();
        }
        int code = process.waitFor();
        exitCode = code;
        String killed = killedBecause;
        if (killed == null) {
            askedAtEnd = statements.size();
        }
        String how =
                killed != null
                        ? killed
                        : code > 128
                                ? "it was ended by signal " + (code - 128) + trouble
                                : "it ended with exit code " + code + trouble + lastWords();
        over = true;
        asked.values().forEach(one -> one.completeExceptionally(new HostEndedException(how)));
        return how;
    }

    private String lastWords() {
        return lastLine.isEmpty() ? "" : " (" + lastLine + ")";
    }

    private void hear(Message message, Listener listener) throws IOException {
        switch (message.kind()) {
            case RESULT, FAILED, RETAINED -> {
                CompletableFuture<Message> waiting = asked.remove(message.number(0));
                if (waiting != null) {
                    waiting.complete(message);
                }
            }
            default -> listener.heard(message);
        }
    }

    /// A message that nobody answers; lost when the host is gone.
    void tell(Message message) {
        writing.lock();
        try {
            message.write(to);
        } catch (IOException _) {
            // Whoever follows the host hears of its end.
        } finally {
            writing.unlock();
        }
    }

    /// Has it say something, unless it is being told something already. It says it at once,
    /// whatever its statements do.
    void ping() {
        if (writing.tryLock()) {
            try {
                tell(Message.of(Kind.PING));
            } finally {
                writing.unlock();
            }
        }
    }

    /// For how long nothing was heard from it.
    Duration silence() {
        return Duration.ofNanos(System.nanoTime() - lastHeard);
    }

    /// @throws HostEndedException the host died over it, or over something else
    QueryResult query(
            String sql, Duration timeout, long deadline, Asker asker, BooleanSupplier cancelled)
            throws QueryException, HostEndedException, InterruptedException {
        Duration grace = asker == Asker.PEOPLE ? GRACE : GRACE_OF_PRODUCT;
        long number = numbers.incrementAndGet();
        CompletableFuture<Message> answer = ask(number);
        statements.put(number, sql);
        long limit = Math.max(1, (deadline - System.nanoTime()) / 1_000_000);
        tell(Message.of(Kind.QUERY, sql, number, limit + grace.toMillis()));
        QueryException ended = null;
        long toldAt = 0;
        long killAt = deadline + grace.toNanos();
        try {
            while (true) {
                Message come = look(answer);
                if (come != null) {
                    return result(come, ended);
                }
                long now = System.nanoTime();
                if (ended == null && (cancelled.getAsBoolean() || now >= deadline)) {
                    ended =
                            now >= deadline
                                    ? QueryException.tooLong(timeout)
                                    : QueryException.cancelled();
                    toldAt = now;
                    killAt = now + grace.toNanos();
                    tell(Message.of(Kind.CANCEL, number));
                }
                if (ended != null && now >= killAt) {
                    // It answers being told, whatever the statement does.
                    if (lastHeard - toldAt < 0) {
                        killSilent();
                        throw new QueryException(
                                Reason.NOT_OPEN,
                                "the store's process does not answer and was ended; another is"
                                        + " started, ask once more");
                    }
                    kill("a statement did not end when its time was up");
                    throw ended;
                }
            }
        } finally {
            asked.remove(number);
            statements.remove(number);
        }
    }

    /// What is being asked, for people.
    private String asked() {
        return statements.values().stream()
                .map(sql -> sql.length() > SHOWN ? sql.substring(0, SHOWN) + "…" : sql)
                .map(sql -> sql.replaceAll("\\p{Cntrl}", " "))
                .limit(MOST_SHOWN)
                .collect(Collectors.joining("; "));
    }

    /// Whether a single statement was asked when it was killed, so that it is the one to blame.
    boolean isCulpritKnown() {
        return killedBecause != null && askedAtEnd == 1;
    }

    private static QueryResult result(Message answer, @Nullable QueryException ended)
            throws QueryException {
        try {
            if (answer.kind() == Kind.FAILED) {
                throw ended == null
                        ? new QueryException(REASONS[(int) answer.number(1)], answer.text(2))
                        : ended;
            }
            return ResultCodec.read(answer.body(), Long.BYTES);
        } catch (IOException | IndexOutOfBoundsException e) {
            throw new QueryException("the store's answer could not be read: " + e.getMessage(), e);
        }
    }

    /// How many rows went.
    CompletableFuture<Long> retain() {
        long number = numbers.incrementAndGet();
        CompletableFuture<Long> rows =
                ask(number)
                        .thenApply(message -> {
                            if (message.kind() == Kind.FAILED) {
                                throw new IllegalStateException(message.text(2));
                            }
                            return message.number(1);
                        });
        tell(Message.of(Kind.RETAIN, number));
        return rows;
    }

    private CompletableFuture<Message> ask(long number) {
        CompletableFuture<Message> answer = new CompletableFuture<>();
        asked.put(number, answer);
        if (over) {
            answer.completeExceptionally(new HostEndedException("it has ended"));
        }
        return answer;
    }

    private static @Nullable Message look(CompletableFuture<Message> answer)
            throws HostEndedException, InterruptedException {
        try {
            return answer.get(LOOK_EVERY_MS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException _) {
            return null;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof HostEndedException ended
                    ? ended
                    : new HostEndedException(String.valueOf(e.getCause()));
        }
    }

    /// It had more in memory than it may.
    void killForMemory(String why) {
        exceededMemory = true;
        kill(why);
    }

    void kill(String why) {
        if (killedBecause == null) {
            askedAtEnd = statements.size();
            killedBecause = statements.isEmpty() ? why : why + "; it was asked: " + asked();
        }
        process.destroyForcibly();
    }

    /// Ends it because it does not answer; whatever it was asked is not to blame.
    void killSilent() {
        if (killedBecause == null) {
            killedBecause =
                    "it was stopped or stuck: nothing was heard from it for "
                            + silence().toSeconds()
                            + " s";
        }
        process.destroyForcibly();
    }

    /// @return false when it goes on after `wait`
    boolean awaitEnd(Duration wait) throws InterruptedException {
        return process.waitFor(wait.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void followErrors() {
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                lastLine = line;
                LOG.warn("store host: {}", line);
            }
        } catch (IOException _) {
            // The process is gone.
        }
    }
}
