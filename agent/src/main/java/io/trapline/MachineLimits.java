package io.trapline;

import io.trapline.bridge.PythonBridge;
import io.trapline.collector.InputSettings;
import io.trapline.ingest.CoreListener;
import io.trapline.machine.Machine;
import io.trapline.store.StoreSettings;
import io.trapline.web.Listener;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What the agent needs of the machine, beside what the machine lets it have.
///
/// Memory in MiB. What the parts take beside their heaps is measured in `docs/performance.md`.
final class MachineLimits {
    static final long WANTED_FILES = 4096;

    /// Of an agent that has none of its files open yet: libraries, databases, pipes, and a few
    /// connections.
    static final long LEAST_FILES = 112;

    /// What the JVM starts beside, the agent's own threads, and some for requests.
    static final long LEAST_THREADS = 32;

    private static final long STORE_THREADS = 32;
    private static final long HOST_THREADS = 48;
    private static final long EXTERNAL_THREADS = 4;

    static final long LEAST_MEMORY = 160;
    private static final long AGENT_BESIDE_HEAP = 160;
    private static final long STORE_BESIDE_DATABASE = 192;
    private static final long HOST_BESIDE_HEAP = 250;
    private static final int LEAST_HOST_HEAP = 192;

    private MachineLimits() {}

    /// To be called before anything is opened.
    ///
    /// @throws StartFailure when there is too little to start at all, saying what and how much
    static void require(Machine machine) throws StartFailure {
        if (machine.openFiles() < LEAST_FILES) {
            throw new StartFailure(
                    machine.openFiles()
                            + " open files are allowed, at least "
                            + LEAST_FILES
                            + " are needed and "
                            + WANTED_FILES
                            + " are wanted; "
                            + Advice.FILES);
        }
        if (machine.threads().left() < LEAST_THREADS) {
            throw new StartFailure(
                    "%d threads are allowed by %s and %d of them are taken: at least %d more are needed; %s"
                            .formatted(
                                    machine.threads().most().orElse(0),
                                    machine.threads().by(),
                                    machine.threads().used(),
                                    LEAST_THREADS,
                                    Advice.THREADS));
        }
        if (machine.memory().mebibytes() < LEAST_MEMORY) {
            throw new StartFailure(
                    "%d MiB of memory are allowed (%s), at least %d MiB are needed; %s"
                            .formatted(
                                    machine.memory().mebibytes(),
                                    machine.memory().by(),
                                    LEAST_MEMORY,
                                    Advice.MEMORY));
        }
    }

    private static final class Advice {
        static final String FILES =
                "raise LimitNOFILE of the service, or ulimit -n before the start";
        static final String THREADS = "raise TasksMax of the service, pids.max, or ulimit -u";
        static final String MEMORY =
                "raise MemoryMax of the service, or the container's limit of memory";
    }

    /// What is too little for everything that is configured, a sentence each.
    ///
    /// @param machine as it was before anything was opened
    static List<String> tooLittle(Machine machine, Settings settings, long heap) {
        List<String> found = new ArrayList<>();
        if (machine.openFiles() < WANTED_FILES) {
            found.add(
                    machine.openFiles()
                            + " open files are allowed, "
                            + WANTED_FILES
                            + " are wanted: connections are limited to "
                            + (settings.role() == Role.AGENT
                                    ? ""
                                    : CoreListener.mostConnections()
                                            + " at the push and trap listener and ")
                            + Listener.mostConnections()
                            + " at the agent's; "
                            + Advice.FILES);
        }
        long threads = threads(settings);
        if (machine.threads().left() < threads) {
            found.add(
                    "%d threads are left of the %d that %s allows, about %d are needed: what finds none is tried again; %s"
                            .formatted(
                                    machine.threads().left(),
                                    machine.threads().most().orElse(0),
                                    machine.threads().by(),
                                    threads,
                                    Advice.THREADS));
        }
        Need need = memory(machine, settings, heap);
        if (machine.memory().mebibytes() < need.sum()) {
            found.add(
                    "%d MiB of memory are allowed (%s), %d MiB may be needed (%s): the kernel may end a process under load; %s"
                            .formatted(
                                    machine.memory().mebibytes(),
                                    machine.memory().by(),
                                    need.sum(),
                                    need.words(),
                                    Advice.MEMORY));
        }
        return found;
    }

    private static long threads(Settings settings) {
        long external = settings.inputs().stream().filter(input -> !isEmbedded(input)).count();
        return LEAST_THREADS
                + (settings.store().isPresent() ? STORE_THREADS : 0)
                + hosts(settings) * HOST_THREADS
                + external * EXTERNAL_THREADS;
    }

    private static boolean isEmbedded(InputSettings input) {
        return input.cmd().filter(cmd -> !cmd.equals("graalpy")).isEmpty();
    }

    /// Processes of the embedded Python.
    private static long hosts(Settings settings) {
        long own =
                settings.inputs().stream()
                        .filter(input -> isEmbedded(input) && input.ownHost())
                        .count();
        boolean shared =
                settings.inputs().stream().anyMatch(input -> isEmbedded(input) && !input.ownHost());
        return own + (shared ? 1 : 0);
    }

    private record Need(long agent, long store, long hosts) {
        long sum() {
            return agent + store + hosts;
        }

        String words() {
            return "agent "
                    + agent
                    + (store == 0 ? "" : ", store " + store + " with [store] memory")
                    + (hosts == 0 ? "" : ", embedded Python " + hosts);
        }
    }

    private static Need memory(Machine machine, Settings settings, long heap) {
        return new Need(
                (heap >> 20) + AGENT_BESIDE_HEAP,
                store(settings),
                hosts(settings) * (hostHeap(machine, settings, heap) + HOST_BESIDE_HEAP));
    }

    private static long store(Settings settings) {
        return settings.store()
                .map(StoreSettings::memoryBytes)
                .map(bytes -> (bytes >> 20) + STORE_BESIDE_DATABASE)
                .orElse(0L);
    }

    /// What the heap of a process of embedded Python may be, in MiB: what the machine has left for
    /// it.
    ///
    /// @param heap of this process, in bytes
    static int hostHeap(Machine machine, Settings settings, long heap) {
        long left =
                machine.memory().mebibytes()
                        - (heap >> 20)
                        - AGENT_BESIDE_HEAP
                        - store(settings)
                        - HOST_BESIDE_HEAP;
        return Math.clamp(left, LEAST_HOST_HEAP, PythonBridge.DEFAULT_HOST_HEAP_MIB);
    }

    /// For `/api/status`.
    ///
    /// @param tooLittle of what is configured now
    @SuppressWarnings("NullAway") // JSON has a null where there is no limit
    static Map<String, Object> view(Machine machine, List<String> tooLittle) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("open_files", machine.openFiles());
        all.put("core_connections", CoreListener.mostConnections());
        all.put("agent_connections", Listener.mostConnections());
        all.put(
                "threads",
                machine.threads().most().isPresent() ? machine.threads().most().getAsLong() : null);
        all.put("memory_bytes", machine.memory().bytes());
        all.put("heap_bytes", Runtime.getRuntime().maxMemory());
        all.put("too_little", tooLittle);
        return all;
    }
}
