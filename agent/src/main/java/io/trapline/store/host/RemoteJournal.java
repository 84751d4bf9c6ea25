package io.trapline.store.host;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalReader;
import io.trapline.journal.Lineage;
import io.trapline.store.host.Message.Kind;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;

/// The agent's journal as the store host reads it: each call a message, each answer another. Used
/// by one thread, the store's writer; the agent answers in order.
final class RemoteJournal implements Journal {
    private static final long UNKNOWN = -1;

    private final Link link;
    private final LinkedBlockingQueue<Message> answers = new LinkedBlockingQueue<>();

    /// What carries a message to the agent.
    interface Link {
        void send(Message message);
    }

    RemoteJournal(Link link) {
        this.link = link;
    }

    /// An answer of the agent has come.
    void answered(Message message) {
        answers.add(message);
    }

    private Message ask(Message question, Kind wanted) throws JournalException {
        link.send(question);
        try {
            Message answer = answers.take();
            if (answer.kind() != wanted) {
                throw new JournalException(answer.text(0));
            }
            return answer;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new JournalException("interrupted while the agent's journal was asked");
        }
    }

    /// Asks nothing yet: the thread that opens a store is the one that hears the answers.
    @Override
    public JournalReader reader(String name) {
        return new Reader();
    }

    @Override
    public JournalStatus status() {
        Message extent = answer(Message.of(Kind.ASK_EXTENT), Kind.EXTENT);
        return new JournalStatus(
                extent.number(0), extent.number(1), 0, Long.MAX_VALUE, 0, 0, List.of());
    }

    @Override
    public String identity() {
        return lineage().journal();
    }

    @Override
    public Lineage lineage() {
        return Lineage.parse(answer(Message.of(Kind.ASK_EXTENT), Kind.EXTENT).text(2));
    }

    private Message answer(Message question, Kind wanted) {
        try {
            return ask(question, wanted);
        } catch (JournalException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @Override
    public long append(byte[] frame) {
        throw new UnsupportedOperationException("the store reads");
    }

    @Override
    public int appendOnce(List<Arrival> arrivals) {
        throw new UnsupportedOperationException("the store reads");
    }

    @Override
    public void removeReader(String name) {
        throw new UnsupportedOperationException("the agent has the readers");
    }

    @Override
    public void close() {
        // The agent's.
    }

    private final class Reader implements JournalReader {
        private long committed = UNKNOWN;

        @Override
        public List<Frame> read(long maxBytes, Duration wait) throws JournalException {
            Message answer = ask(Message.of(Kind.READ, maxBytes, wait.toMillis()), Kind.FRAMES);
            ByteBuffer in = ByteBuffer.wrap(answer.body());
            int count = in.getInt();
            List<Frame> frames = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                long position = in.getLong();
                byte[] bytes = new byte[in.getInt()];
                in.get(bytes);
                frames.add(new Frame(position, bytes));
            }
            return frames;
        }

        @Override
        public void commit(long position) {
            committed = position;
            link.send(Message.of(Kind.COMMIT, position));
        }

        @Override
        public void seek(long position) {
            link.send(Message.of(Kind.SEEK, position));
        }

        @Override
        public long committed() {
            if (committed == UNKNOWN) {
                committed = answer(Message.of(Kind.READER), Kind.COMMITTED).number(0);
            }
            return committed;
        }
    }
}
