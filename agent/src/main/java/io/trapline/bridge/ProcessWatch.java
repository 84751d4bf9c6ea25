package io.trapline.bridge;

import io.trapline.bridge.ProcessTable.Entry;
import io.trapline.health.PartState;
import io.trapline.health.Supervised;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Counts the processes that inputs have started, and has an input ended that has too many.
///
/// Looking at all processes costs milliseconds, so it is done when the machine's number of threads
/// has grown by a part of what is allowed, and every ten seconds; that number is looked at ten
/// times a second. A process that leaves its session and its parents, both, is not counted.
///
/// One thread a process of ours, started by the first that is watched.
final class ProcessWatch {
    private static final long LOOK_EVERY_MS = 100;
    private static final long COUNT_EVERY_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int ROUNDS = 50;

    private static final List<Watched> watched = new CopyOnWriteArrayList<>();
    private static @Nullable Thread thread; // guarded by the class

    /// One input's processes.
    interface Watched {
        /// Who leads them: the members of their groups and sessions and their descendants count.
        Set<Long> roots();

        /// Of the roots, who does not count and is not killed here.
        long interpreter();

        /// How many there may be.
        int most();

        /// There are more. Called once, by the watch's thread, before they are killed: an
        /// interpreter in one group with them ends then, and why has to be known by that time.
        ///
        /// @param what for people
        void exceeds(String what);

        /// They are killed, and the interpreter is to end.
        void exceeded();

        /// Anything else to look at, ten times a second.
        default void look() {}
    }

    private ProcessWatch() {}

    static synchronized void add(Watched one) {
        watched.add(one);
        if (thread == null) {
            thread =
                    Thread.ofPlatform()
                            .daemon()
                            .name("process-watch")
                            .start(
                                    new Supervised(
                                            new PartState("watch over workers' processes"),
                                            () -> false,
                                            ProcessWatch::watch));
        }
    }

    static void remove(Watched one) {
        watched.remove(one);
    }

    private static void watch() throws InterruptedException {
        long countedAt = System.nanoTime() - COUNT_EVERY_NS;
        long tasksThen = 0;
        while (true) {
            TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MS);
            int least = Integer.MAX_VALUE;
            for (Watched each : watched) {
                each.look();
                least = Math.min(least, each.most());
            }
            if (watched.isEmpty()) {
                continue;
            }
            long tasks = ProcessTable.tasks();
            long now = System.nanoTime();
            tasksThen = Math.min(tasksThen, tasks);
            if (tasks < 0 || tasks - tasksThen > least / 4 || now - countedAt >= COUNT_EVERY_NS) {
                countedAt = now;
                tasksThen = tasks;
                count();
            }
        }
    }

    private static void count() {
        ProcessTable table = ProcessTable.read();
        for (Watched each : List.copyOf(watched)) {
            int count = others(each, table).size();
            if (count > each.most() && watched.remove(each)) {
                each.exceeds(
                        "started "
                                + count
                                + " processes, more than limits.processes = "
                                + each.most()
                                + " allows");
                end(each);
                each.exceeded();
            }
        }
    }

    private static List<Entry> others(Watched one, ProcessTable table) {
        long interpreter = one.interpreter();
        return table.family(one.roots()).stream()
                .filter(each -> each.process() != interpreter)
                .toList();
    }

    /// The kernel lets no member of a group start another while it kills the group; those in other
    /// groups are looked for again until there is none.
    private static void end(Watched one) {
        Set<Long> roots = one.roots();
        long own = ProcessHandle.current().pid();
        for (int round = 0; round < ROUNDS; round++) {
            List<Entry> left = others(one, ProcessTable.read());
            if (left.isEmpty()) {
                return;
            }
            Set<Long> groups = new HashSet<>();
            left.forEach(each -> groups.add(each.group()));
            groups.remove(own); // a host leads the group that it kills children in
            for (long group : groups) {
                if (group > 1 && (roots.contains(group) || leads(left, group))) {
                    Posix.killGroup(group);
                }
            }
            left.forEach(each -> Posix.kill(each.process()));
        }
    }

    private static boolean leads(List<Entry> family, long group) {
        return family.stream().anyMatch(each -> each.process() == group);
    }
}
