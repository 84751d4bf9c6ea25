package io.trapline.store.host;

import io.trapline.health.Supervised;
import io.trapline.store.LocalStore;
import io.trapline.store.QueryException;
import io.trapline.store.QueryResult;
import io.trapline.store.StatementThreads;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.store.host.Message.Kind;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The program of the store host: a [LocalStore], driven through standard input and output.
///
/// Arguments: the folder of the database; how many bytes of address space it may add to what it has
/// when it starts; the position of the frame that is to be set aside since its predecessors died of
/// it, or 0; the reason. It ends when its input does: the agent is gone, and what is not in the
/// database yet is in the journal.
@SuppressWarnings("EnumOrdinal") // both ends are one program
public final class StoreHost {
    private static final int OUT_OF_ORDER = 3;

    private final OutputStream out = new FileOutputStream(FileDescriptor.out);
    private final ReentrantLock writing = new ReentrantLock();
    private final RemoteJournal journal = new RemoteJournal(this::send);
    private final Path directory;
    private final long condemned;
    private final String reason;
    private final Map<Long, AtomicBoolean> running = new ConcurrentHashMap<>();
    private final ExecutorService askers =
            Executors.newCachedThreadPool(StatementThreads.named("store-query-"));
    private volatile StoreSettings settings = StoreSettings.DEFAULT;

    private StoreHost(Path directory, long condemned, String reason) {
        this.directory = directory;
        this.condemned = condemned;
        this.reason = reason;
    }

    public static void main(String[] args) throws IOException {
        System.setOut(System.err); // standard output is the pipe to the agent
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {
            System.err.println(
                    "thread " + thread.getName() + " failed: " + Supervised.reason(error));
            Runtime.getRuntime().halt(OUT_OF_ORDER);
        });
        StoreHost host = new StoreHost(Path.of(args[0]), Long.parseLong(args[2]), args[3]);
        LogLink.install(host::send);
        Confinement.enter(Long.parseLong(args[1]));
        int code = OUT_OF_ORDER;
        try {
            host.serve();
            code = 0;
        } finally {
            // A statement that does not end holds a thread in native code: it is not waited for.
            Runtime.getRuntime().halt(code);
        }
    }

    private void serve() throws IOException {
        try (DataInputStream in =
                new DataInputStream(
                        new BufferedInputStream(new FileInputStream(FileDescriptor.in), 1 << 16))) {
            Optional<Message> first = Message.read(in);
            if (first.isEmpty()) {
                return;
            }
            settings = settings(first.get());
            LocalStore store = open();
            Optional<Message> message = Message.read(in);
            while (message.isPresent()) {
                if (message.get().kind() == Kind.CLOSE) {
                    // The writer may need answers for its last batch.
                    Thread closing = Thread.ofPlatform().daemon().start(() -> close(store));
                    answer(in, closing);
                    return;
                }
                handle(store, message.get());
                message = Message.read(in);
            }
        }
    }

    private static void close(LocalStore store) {
        store.close();
        Runtime.getRuntime().halt(0);
    }

    private void answer(DataInputStream in, Thread closing) throws IOException {
        Optional<Message> message = Message.read(in);
        while (message.isPresent() && closing.isAlive()) {
            journal.answered(message.get());
            message = Message.read(in);
        }
    }

    private LocalStore open() {
        Reporter reporter = new Reporter();
        LocalStore store =
                LocalStore.open(
                        directory, () -> settings, journal, InstantSource.system(), reporter);
        reporter.store = store;
        reporter.changed();
        return store;
    }

    /// Tells the agent of each change. The first ones come before the store is known here.
    private final class Reporter implements LocalStore.Watcher {
        private volatile @Nullable LocalStore store;

        @Override
        public void changed() {
            LocalStore known = store;
            if (known != null) {
                send(StateCodec.encode(known.statusAt(0)));
            }
        }

        @Override
        public String condemned(long position) {
            return position == condemned ? reason : "";
        }
    }

    private static StoreSettings settings(Message message) {
        return new StoreSettings(Duration.ofMillis(message.number(0)), message.number(1));
    }

    private void handle(LocalStore store, Message message) {
        switch (message.kind()) {
            case SETTINGS -> settings = settings(message);
            case QUERY -> {
                long number = message.number(0);
                AtomicBoolean cancelled = new AtomicBoolean();
                running.put(number, cancelled);
                askers.execute(() -> query(store, message, number, cancelled));
            }
            case CANCEL -> {
                AtomicBoolean cancelled = running.get(message.number(0));
                if (cancelled != null) {
                    cancelled.set(true);
                }
                // So that the agent knows that it is the statement that goes on, not the process
                // that is stuck.
                send(StateCodec.encode(store.statusAt(0)));
            }
            case HURRY -> store.hurry();
            case PING -> send(StateCodec.encode(store.statusAt(0)));
            case RETAIN -> retain(store, message.number(0));
            case COMMITTED, FRAMES, EXTENT, NO_JOURNAL -> journal.answered(message);
            case CLOSE,
                    READER,
                    READ,
                    ASK_EXTENT,
                    SEEK,
                    COMMIT,
                    STATE,
                    RESULT,
                    FAILED,
                    RETAINED,
                    LOG ->
                    throw new IllegalStateException("no message for a host: " + message.kind());
        }
    }

    private void query(LocalStore store, Message message, long number, AtomicBoolean cancelled) {
        try {
            QueryResult result =
                    store.query(
                            message.text(2),
                            Duration.ofMillis(message.number(1)),
                            Store.Asker.PEOPLE,
                            cancelled::get);
            send(
                    Message.of(
                            Kind.RESULT,
                            out -> {
                                out.writeLong(number);
                                ResultCodec.write(result, out);
                            }));
        } catch (QueryException e) {
            if (LocalStore.isOver(e)) {
                // Unanswered, so that the statement is known as the one that ended this process.
                System.err.println("the database is over: " + Supervised.reason(e));
                Runtime.getRuntime().halt(OUT_OF_ORDER);
            }
            failed(number, e.reason(), e);
        } catch (RuntimeException e) {
            failed(number, QueryException.Reason.STATEMENT, e);
        } finally {
            running.remove(number);
        }
    }

    private void failed(long number, QueryException.Reason reason, Throwable failure) {
        String text = String.valueOf(failure.getMessage());
        send(Message.of(Kind.FAILED, text, number, reason.ordinal()));
    }

    private void retain(LocalStore store, long number) {
        var _ =
                store.retain()
                        .whenComplete((rows, failure) -> {
                            if (failure == null) {
                                send(Message.of(Kind.RETAINED, number, rows));
                            } else {
                                failed(number, QueryException.Reason.STATEMENT, failure);
                            }
                        });
    }

    private void send(Message message) {
        writing.lock();
        try {
            message.write(out);
        } catch (IOException _) {
            // The agent is gone; the end of the input says so as well.
        } finally {
            writing.unlock();
        }
    }
}
