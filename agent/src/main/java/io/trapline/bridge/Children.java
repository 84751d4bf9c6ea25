package io.trapline.bridge;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The processes that one embedded input starts: what they print belongs to the input's log, and
/// they end with the input, or with the run that started them when that is cut off.
///
/// Python starts and awaits them itself, as children of this process; it says so here. What they
/// print, unless it is redirected, goes to two pipes of the input's own: descriptors 1 and 2 are
/// the whole process's.
final class Children {
    private static final int TIDY_AT = 32;
    private static final long REAP_LIMIT = TimeUnit.MILLISECONDS.toNanos(500);

    private final BiConsumer<WorkerListener.Stream, String> lines;
    private final ReentrantLock lock = new ReentrantLock(); // guards all below
    private final List<Child> started = new ArrayList<>();
    private final Set<Long> groups = new HashSet<>();
    private final int[] printed = {-1, -1};
    private boolean over;

    /// @param run that started it, 0 when none did
    private record Child(long process, long run) {}

    Children(BiConsumer<WorkerListener.Stream, String> lines) {
        this.lines = lines;
    }

    /// The descriptor that a child's standard output or error goes to.
    int descriptor(WorkerListener.Stream stream) throws IOException {
        lock.lock();
        try {
            if (over) {
                throw new IOException("the input is being closed");
            }
            int index = stream == WorkerListener.Stream.STDOUT ? 0 : 1;
            if (printed[index] < 0) {
                Posix.Pipe pipe = Posix.pipe();
                InputStream from = Posix.reader(pipe.read());
                Thread.ofPlatform()
                        .daemon()
                        .name("child-" + stream)
                        .start(() -> tell(from, stream));
                printed[index] = pipe.write();
            }
            return printed[index];
        } finally {
            lock.unlock();
        }
    }

    private void tell(InputStream from, WorkerListener.Stream stream) {
        try (Lines each = new Lines(from)) {
            Optional<String> line = each.next();
            while (line.isPresent()) {
                lines.accept(stream, line.get());
                line = each.next();
            }
        } catch (IOException _) {
            // nobody can write to it any more
        }
    }

    void started(long process, long run) {
        lock.lock();
        try {
            if (started.size() >= TIDY_AT) {
                started.removeIf(child -> alive(child) == null);
            }
            started.add(new Child(process, run));
            groups.add(process);
        } finally {
            lock.unlock();
        }
    }

    /// The process groups that its children lead, or led: their members may be there still.
    Set<Long> groups() {
        lock.lock();
        try {
            if (groups.size() > TIDY_AT) {
                groups.retainAll(ProcessTable.read().groups());
            }
            return Set.copyOf(groups);
        } finally {
            lock.unlock();
        }
    }

    /// Kills what a run started, and what that started. Python may still ask how they ended; when
    /// it never does, they are taken off the kernel's table when the input ends.
    void end(long run) {
        List<Child> _ = end(child -> child.run() == run);
    }

    /// Kills them all, and what they started; nothing can be started any more.
    void end() {
        lock.lock();
        try {
            over = true;
            for (int index = 0; index < printed.length; index++) {
                if (printed[index] >= 0) {
                    Posix.close(printed[index]);
                    printed[index] = -1;
                }
            }
        } finally {
            lock.unlock();
        }
        List<Child> ended = end(_ -> true);
        long until = System.nanoTime() + REAP_LIMIT;
        for (Child child : ended) {
            while (isOurs(child) && !Posix.reap(child.process()) && System.nanoTime() < until) {
                Thread.onSpinWait();
            }
        }
    }

    private List<Child> end(Predicate<Child> which) {
        List<Child> ended;
        lock.lock();
        try {
            ended = started.stream().filter(which).toList();
        } finally {
            lock.unlock();
        }
        for (Child child : ended) {
            ProcessHandle process = alive(child);
            if (process != null) {
                List<ProcessHandle> descendants = process.descendants().toList();
                process.destroyForcibly();
                descendants.forEach(ProcessHandle::destroyForcibly);
            }
        }
        return ended;
    }

    /// The numbers of processes are used again: it is ours only while it is this process's child.
    private static boolean isOurs(Child child) {
        return alive(child) != null;
    }

    private static @Nullable ProcessHandle alive(Child child) {
        return ProcessHandle.of(child.process())
                .filter(process ->
                        process.parent()
                                .filter(parent -> parent.equals(ProcessHandle.current()))
                                .isPresent())
                .orElse(null);
    }
}
