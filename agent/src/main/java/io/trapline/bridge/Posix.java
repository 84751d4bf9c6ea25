package io.trapline.bridge;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The two calls for process groups that the JDK does not have.
final class Posix {
    private static final int SIGKILL = 9;

    private Posix() {}

    /// Makes this process the leader of a session and process group of its own.
    static void leadSession() {
        try {
            int _ =
                    (int)
                            function("setsid", FunctionDescriptor.of(ValueLayout.JAVA_INT))
                                    .invokeExact();
        } catch (Throwable e) {
            throw new IllegalStateException("setsid() failed", e);
        }
    }

    /// SIGKILL to a whole process group; no effect when there is none (any more).
    static void killGroup(long leader) {
        if (leader <= 1) {
            throw new IllegalArgumentException("no process group of ours: " + leader);
        }
        try {
            int _ =
                    (int)
                            function(
                                            "kill",
                                            FunctionDescriptor.of(
                                                    ValueLayout.JAVA_INT,
                                                    ValueLayout.JAVA_INT,
                                                    ValueLayout.JAVA_INT))
                                    .invokeExact((int) -leader, SIGKILL);
        } catch (Throwable e) {
            throw new IllegalStateException("kill(" + -leader + ", SIGKILL) failed", e);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle function(String name, FunctionDescriptor shape) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), shape);
    }
}
