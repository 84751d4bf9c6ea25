package io.trapline.health;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A part's loop that comes back after whatever ends it, but for the end that was asked for.
///
/// Any [Throwable] is taken: what leaves the JVM unsound (a heap that is used up) ends the process,
/// by `-XX:+ExitOnOutOfMemoryError`; what arrives here (a thread that cannot be started, a class or
/// native library that cannot be loaded for now, a stack that was too deep) does not. The pauses
/// grow from a tenth of a second to ten seconds, and begin anew after a life that was long enough.
/// A class whose initialization failed stays broken in this JVM: a part that fails of one again and
/// again is called dead, and is tried on.
public final class Supervised implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Supervised.class);
    private static final long FIRST_PAUSE_MS = 100;
    private static final long LONGEST_PAUSE_MS = 10_000;
    private static final int PATIENCE = 5;
    private static final long LOG_EVERY_NS = TimeUnit.MINUTES.toNanos(1);

    private final PartState state;
    private final Work work;
    private final BooleanSupplier stopped;
    private final Rest rest;
    private int failures;
    private String logged = "";
    private long loggedNs;

    /// The loop itself. It returns when it has nothing more to do.
    @FunctionalInterface
    public interface Work {
        void run() throws Exception;
    }

    /// How it waits.
    @FunctionalInterface
    interface Rest {
        void sleep(Duration pause) throws InterruptedException;
    }

    /// @param stopped whether the part is to end: it is not begun again then, and what it threw is
    ///   of no interest
    public Supervised(PartState state, BooleanSupplier stopped, Work work) {
        this(state, stopped, work, Thread::sleep);
    }

    Supervised(PartState state, BooleanSupplier stopped, Work work, Rest rest) {
        this.state = state;
        this.stopped = stopped;
        this.work = work;
        this.rest = rest;
    }

    /// Returns when the work does, or the part is stopped. An interrupt ends a pause; it ends the
    /// loop when the part is stopped.
    @Override
    public void run() {
        while (!stopped.getAsBoolean()) {
            try {
                state.begun();
                work.run();
                return;
            } catch (Throwable e) {
                if (stopped.getAsBoolean()) {
                    return;
                }
                failed(e);
            }
            try {
                rest.sleep(pause(failures));
            } catch (InterruptedException _) {
                // Stopped, or to go on at once.
            }
        }
    }

    private void failed(Throwable e) {
        failures = state.isWell() ? 1 : failures + 1;
        String reason = reason(e);
        boolean broken = failures >= PATIENCE && isBrokenClass(e);
        if (broken) {
            state.dead(reason);
        } else {
            state.retrying(reason);
        }
        long now = System.nanoTime();
        String name = state.status().name();
        if (!reason.equals(logged)) {
            LOG.error("{} failed and is begun again; nothing that was kept is lost", name, e);
        } else if (now - loggedNs >= LOG_EVERY_NS) {
            LOG.error("{} failed again, for the {}th time: {}", name, failures, reason);
        } else {
            return;
        }
        logged = reason;
        loggedNs = now;
    }

    /// What a part waits for after it failed so many times in a row.
    public static Duration pause(int failures) {
        return Duration.ofMillis(
                Math.min(FIRST_PAUSE_MS << Math.clamp(failures - 1, 0, 10), LONGEST_PAUSE_MS));
    }

    /// One line for people.
    public static String reason(Throwable e) {
        String text = e.getMessage();
        if (e instanceof OutOfMemoryError && text != null && text.contains("native thread")) {
            return "no thread could be started: the limit of threads (pids.max of the control"
                    + " group, or ulimit -u) or the memory is used up";
        }
        String reason = e instanceof Error || text == null ? e.toString() : text;
        if (e instanceof LinkageError && e.getCause() != null) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            reason = e.getClass().getSimpleName() + ": " + root; // a class whose beginning failed
        }
        return reason.strip().lines().findFirst().orElseGet(() -> e.getClass().getName());
    }

    private static boolean isBrokenClass(Throwable e) {
        for (Throwable each = e; each != null; each = each.getCause()) {
            if (each instanceof LinkageError) {
                return true;
            }
        }
        return false;
    }
}
