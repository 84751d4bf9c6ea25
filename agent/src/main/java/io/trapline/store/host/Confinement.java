package io.trapline.store.host;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the host process gives up before it opens the database: memory beyond what it was given,
/// new privileges, a core file with people's data, the signals that ask the agent to stop. The
/// agent's watch on its resident memory comes on top, since address space that is reserved says
/// little of memory that is used.
final class Confinement {
    private static final Logger LOG = LoggerFactory.getLogger(Confinement.class);
    private static final int RLIMIT_CORE = 4;
    private static final int RLIMIT_AS = 9;
    private static final int PR_SET_NO_NEW_PRIVS = 38;

    /// A terminal sends INT and HUP to all processes of a group, a service manager TERM to all of a
    /// unit: the agent hears it as well, and ends this process when it needs it no longer.
    private static final List<Integer> LEFT_TO_THE_AGENT = List.of(1, 2, 15);

    private static final MemorySegment SIG_IGN = MemorySegment.ofAddress(1);

    /// When the machine runs out of memory the kernel ends this process first: nothing is lost.
    private static final String FIRST_TO_GO = "1000";

    private Confinement() {}

    /// @param more bytes of address space that may be added to what the process has now
    static void enter(long more) {
        limit(RLIMIT_CORE, 0, "core files");
        try {
            int _ = (int) PRCTL.invokeExact(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
            Files.writeString(Path.of("/proc/self/oom_score_adj"), FIRST_TO_GO);
            for (int signal : LEFT_TO_THE_AGENT) {
                MemorySegment _ = (MemorySegment) SIGNAL.invokeExact(signal, SIG_IGN);
            }
            limit(RLIMIT_AS, ProcessMemory.addressSpace("self") + more, "address space");
        } catch (Throwable e) {
            LOG.warn("the store host could not give up all rights: {}", e.toString());
        }
    }

    private static void limit(int what, long most, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment both = arena.allocate(ValueLayout.JAVA_LONG, 2);
            both.setAtIndex(ValueLayout.JAVA_LONG, 0, most);
            both.setAtIndex(ValueLayout.JAVA_LONG, 1, most);
            if ((int) SETRLIMIT.invokeExact(what, both) != 0) {
                LOG.warn("the store host could not limit its {} to {} bytes", name, most);
            }
        } catch (Throwable e) {
            LOG.warn("the store host could not limit its {}: {}", name, e.toString());
        }
    }

    private static final MethodHandle SETRLIMIT =
            function(
                    "setrlimit",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    private static final MethodHandle SIGNAL =
            function(
                    "signal",
                    FunctionDescriptor.of(
                            ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    private static final MethodHandle PRCTL =
            function(
                    "prctl",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG));

    @SuppressWarnings("restricted")
    private static MethodHandle function(String name, FunctionDescriptor shape) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), shape);
    }
}
