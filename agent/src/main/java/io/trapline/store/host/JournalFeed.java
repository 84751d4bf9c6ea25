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
    private volatile boolean inHand;

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

    /// Whether the host was given frames that it has not committed: it died over them, if it died.
    boolean isInHand() {
        return inHand;
    }

    void hostEnded() {
        inHand = false;
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
                case SEEK -> from.seek(question.number(0));
                case COMMIT -> {
                    inHand = false;
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
        List<JournalReader.Frame> frames =
                from.read(question.number(0), Duration.ofMillis(question.number(1)));
        inHand |= !frames.isEmpty();
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
