package io.trapline.store.host;

import io.trapline.journal.Journal;
import io.trapline.journal.Journal.JournalStatus;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalReader;
import io.trapline.store.Store;
import io.trapline.store.host.Message.Kind;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers what hosts ask of the journal, in order, on the one thread that owns the store's reader.
final class JournalFeed implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JournalFeed.class);

    private final Journal journal;
    private final ExecutorService owner =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("store-feed").factory());
    private @Nullable JournalReader reader; // the owner's, but for the constructor
    private final CrashAttribution attribution = new CrashAttribution();

    /// The owner's: up to where frames were read, the host that reads, and since when.
    private long at;

    private @Nullable HostProcess reading;
    private long readingSince;

    /// Takes the store's place in the journal, which keeps a frame only for the readers it knows: a
    /// frame that others are done with before a host asks would be gone.
    JournalFeed(Journal journal) {
        this.journal = journal;
        try {
            reader = journal.reader(Store.READER);
        } catch (JournalException e) {
            LOG.warn("the store has no place in the journal yet, it is asked for again", e);
        }
    }

    /// What hosts die of. The feed tells it what is in hand, its owner how hosts end.
    CrashAttribution attribution() {
        return attribution;
    }

    /// Takes a host's question; false when it is none for the journal.
    boolean take(HostProcess host, Message question) {
        return switch (question.kind()) {
            case READER, READ, ASK_EXTENT, SEEK, COMMIT -> {
                try {
                    owner.execute(() -> answer(host, question));
                } catch (RejectedExecutionException _) {
                    // Closed: the host is about to end as well.
                } catch (Error e) { // no thread
                    failed(host, question, e);
                }
                yield true;
            }
            default -> false;
        };
    }

    private void answer(HostProcess host, Message question) {
        try {
            JournalReader from = reader();
            switch (question.kind()) {
                case READER -> host.tell(Message.of(Kind.COMMITTED, from.committed()));
                case READ -> read(host, from, question);
                case ASK_EXTENT -> {
                    JournalStatus status = journal.status();
                    host.tell(
                            Message.of(
                                    Kind.EXTENT,
                                    journal.lineage().toString(),
                                    status.head(),
                                    status.tail()));
                }
                case SEEK -> {
                    attribution.released();
                    at = question.number(0);
                    from.seek(at);
                }
                case COMMIT -> {
                    attribution.committed(question.number(0));
                    from.commit(question.number(0));
                }
                default -> throw new IllegalStateException("not for the journal: " + question);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) { // the host waits for an answer, whatever it is
            failed(host, question, e);
        }
    }

    private static void failed(HostProcess host, Message question, Throwable e) {
        if (question.kind() == Kind.COMMIT || question.kind() == Kind.SEEK) {
            // The database knows the position; the next commit tells the journal.
            LOG.warn(
                    "the journal did not take the store's cursor at {}: {}",
                    question.number(0),
                    e.getMessage());
        } else {
            host.tell(Message.of(Kind.NO_JOURNAL, String.valueOf(e.getMessage())));
        }
    }

    private void read(HostProcess host, JournalReader from, Message question)
            throws JournalException, InterruptedException {
        Duration wait = Duration.ofMillis(question.number(1));
        long most = question.number(0);
        List<JournalReader.Frame> frames = List.of();
        if (attribution.isAlone(at)) {
            if (!attribution.isInHand() && mayHave(host, wait)) {
                frames = from.read(1, wait);
            }
        } else {
            frames = from.read(most, wait);
        }
        if (host.hasEnded()) {
            return; // the next one says where it begins
        }
        if (!frames.isEmpty()) {
            at = frames.getLast().position();
            attribution.handed(frames.getFirst().position(), at, frames.size());
        }
        send(host, frames);
    }

    /// Whether the host may be given a frame that others were killed with; waits for a part of the
    /// time that it has to be well before.
    private boolean mayHave(HostProcess host, Duration wait) throws InterruptedException {
        if (host != reading) {
            reading = host;
            readingSince = System.nanoTime();
        }
        long left = readingSince + attribution.rest().toNanos() - System.nanoTime();
        if (left <= 0) {
            attribution.rested();
            return true;
        }
        Thread.sleep(Math.min(wait.toMillis(), left / 1_000_000 + 1));
        return false;
    }

    private static void send(HostProcess host, List<JournalReader.Frame> frames) {
        host.tell(
                Message.of(
                        Kind.FRAMES,
                        out -> {
                            out.writeInt(frames.size());
                            for (JournalReader.Frame frame : frames) {
                                out.writeLong(frame.position());
                                out.writeInt(frame.bytes().length);
                                out.write(frame.bytes());
                            }
                        }));
    }

    private JournalReader reader() throws JournalException {
        JournalReader known = reader;
        if (known == null) {
            known = journal.reader(Store.READER);
            reader = known;
        }
        return known;
    }

    @Override
    public void close() {
        owner.shutdownNow();
    }
}
