package io.trapline.bridge;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// The calls for processes, threads and descriptors that the JDK does not have.
final class Posix {
    private static final int SIGKILL = 9;
    private static final int WNOHANG = 1;
    private static final int RLIMIT_NOFILE = 7;
    private static final int O_CLOEXEC = 0x80000;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int CLONE_FS = 0x200;

    /// A real-time signal that neither the C library nor the JVM uses.
    private static final int WAKE_SIGNAL = 41;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private Posix() {}

    /// The two ends of a pipe, as descriptors that children do not inherit.
    record Pipe(int read, int write) {}

    /// Makes this process the leader of a session and process group of its own.
    static void leadSession() {
        int _ = call("setsid");
    }

    /// SIGKILL to a whole process group; no effect when there is none (any more).
    static void killGroup(long leader) {
        if (leader <= 1) {
            throw new IllegalArgumentException("no process group of ours: " + leader);
        }
        int _ = call("kill", (int) -leader, SIGKILL);
    }

    /// SIGKILL to one process; no effect when there is none (any more).
    static void kill(long process) {
        if (process <= 1) {
            throw new IllegalArgumentException("no process of ours: " + process);
        }
        int _ = call("kill", (int) process, SIGKILL);
    }

    /// Sets the soft limit of open files, no higher than the hard one, which stays.
    static void limitOpenFiles(int most) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment both = arena.allocate(LONG, 2);
            FunctionDescriptor shape = FunctionDescriptor.of(INT, INT, ValueLayout.ADDRESS);
            if ((int) function("getrlimit", shape).invokeExact(RLIMIT_NOFILE, both) != 0) {
                return;
            }
            long hard = both.getAtIndex(LONG, 1);
            both.setAtIndex(LONG, 0, hard < 0 ? most : Math.min(most, hard)); // -1 = unlimited
            int _ = (int) function("setrlimit", shape).invokeExact(RLIMIT_NOFILE, both);
        } catch (Throwable e) {
            throw new IllegalStateException("setrlimit() failed", e);
        }
    }

    /// Takes a child that has ended, and was not started by the JDK, off the kernel's table.
    ///
    /// @return false when it has not ended yet
    static boolean reap(long child) {
        try {
            return 0
                    != (int)
                            function(
                                            "waitpid",
                                            FunctionDescriptor.of(
                                                    INT, INT, ValueLayout.ADDRESS, INT))
                                    .invokeExact((int) child, MemorySegment.NULL, WNOHANG);
        } catch (Throwable e) {
            throw new IllegalStateException("waitpid(" + child + ") failed", e);
        }
    }

    // ---- descriptors ----------------------------------------------------------------------------

    /// A second descriptor of the same file, which children do not inherit.
    static int duplicate(int descriptor) throws IOException {
        int copy;
        try {
            copy =
                    (int)
                            function(
                                            "fcntl",
                                            FunctionDescriptor.of(INT, INT, INT, INT),
                                            Linker.Option.firstVariadicArg(2))
                                    .invokeExact(descriptor, F_DUPFD_CLOEXEC, 3);
        } catch (Throwable e) {
            throw new IllegalStateException("fcntl() failed", e);
        }
        return checked(copy, "descriptor " + descriptor + " could not be duplicated");
    }

    /// Makes `number` mean what `descriptor` means.
    static void redirect(int number, int descriptor) throws IOException {
        int _ =
                checked(
                        call("dup2", descriptor, number),
                        "descriptor " + number + " could not be redirected");
    }

    static Pipe pipe() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(INT, 2);
            int result;
            try {
                result =
                        (int)
                                function(
                                                "pipe2",
                                                FunctionDescriptor.of(
                                                        INT, ValueLayout.ADDRESS, INT))
                                        .invokeExact(ends, O_CLOEXEC);
            } catch (Throwable e) {
                throw new IllegalStateException("pipe2() failed", e);
            }
            int _ =
                    checked(
                            result,
                            "no pipe could be made; the limit of open files may be reached");
            return new Pipe(ends.getAtIndex(INT, 0), ends.getAtIndex(INT, 1));
        }
    }

    static void close(int descriptor) {
        int _ = call("close", descriptor);
    }

    /// An empty file, opened for reading.
    static int nothing() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int opened;
            try {
                opened =
                        (int)
                                function(
                                                "open",
                                                FunctionDescriptor.of(
                                                        INT, ValueLayout.ADDRESS, INT),
                                                Linker.Option.firstVariadicArg(2))
                                        .invokeExact(arena.allocateFrom("/dev/null"), O_CLOEXEC);
            } catch (Throwable e) {
                throw new IllegalStateException("open() failed", e);
            }
            return checked(opened, "/dev/null could not be opened");
        }
    }

    /// Opens a pipe's end anew and closes the descriptor.
    static InputStream reader(int descriptor) throws IOException {
        InputStream stream = new FileInputStream("/proc/self/fd/" + descriptor);
        close(descriptor);
        return stream;
    }

    /// Opens a pipe's end anew and closes the descriptor.
    static OutputStream writer(int descriptor) throws IOException {
        OutputStream stream = new FileOutputStream("/proc/self/fd/" + descriptor);
        close(descriptor);
        return stream;
    }

    // ---- threads --------------------------------------------------------------------------------

    /// Gives the calling thread, and all threads that it starts from now on, a working directory
    /// and a umask of their own.
    ///
    /// @return false when that is not allowed here (the usual profile of a container forbids it)
    static boolean ownFolder() {
        return call("unshare", CLONE_FS) == 0;
    }

    /// Before the first [#wakeAll]: gives the signal a handler that does nothing, and has system
    /// calls end with EINTR instead of going on after it.
    static void prepareToWake() {
        try {
            // A C function that takes a number and changes nothing is a fine handler.
            MemorySegment nothing = Linker.nativeLinker().defaultLookup().findOrThrow("abs");
            MemorySegment _ =
                    (MemorySegment)
                            function(
                                            "signal",
                                            FunctionDescriptor.of(
                                                    ValueLayout.ADDRESS, INT, ValueLayout.ADDRESS))
                                    .invokeExact(WAKE_SIGNAL, nothing);
        } catch (Throwable e) {
            throw new IllegalStateException("signal() failed", e);
        }
        int _ = call("siginterrupt", WAKE_SIGNAL, 1);
    }

    /// Has each thread of this process that waits in a system call come back from it.
    ///
    /// The JDK repeats calls that were cut short in this way; so does Python, after it has looked
    /// whether the thread is to be interrupted.
    static void wakeAll() {
        long tgkill = System.getProperty("os.arch").equals("aarch64") ? 131 : 234;
        long process = ProcessHandle.current().pid();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            MethodHandle syscall =
                    function(
                            "syscall",
                            FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG),
                            Linker.Option.firstVariadicArg(1));
            for (Path thread : threads) {
                long id = Long.parseLong(thread.getFileName().toString());
                long _ = (long) syscall.invokeExact(tgkill, process, id, (long) WAKE_SIGNAL);
            }
        } catch (IOException _) {
            // then waits end when they end, and the agent kills what takes too long
        } catch (Throwable e) {
            throw new IllegalStateException("the threads could not be woken", e);
        }
    }

    // ---- calls ----------------------------------------------------------------------------------

    private static int checked(int result, String otherwise) throws IOException {
        if (result < 0) {
            throw new IOException(otherwise);
        }
        return result;
    }

    private static int call(String name) {
        try {
            return (int) function(name, FunctionDescriptor.of(INT)).invokeExact();
        } catch (Throwable e) {
            throw new IllegalStateException(name + "() failed", e);
        }
    }

    private static int call(String name, int argument) {
        try {
            return (int) function(name, FunctionDescriptor.of(INT, INT)).invokeExact(argument);
        } catch (Throwable e) {
            throw new IllegalStateException(name + "(" + argument + ") failed", e);
        }
    }

    private static int call(String name, int first, int second) {
        try {
            return (int)
                    function(name, FunctionDescriptor.of(INT, INT, INT)).invokeExact(first, second);
        } catch (Throwable e) {
            throw new IllegalStateException(name + "(" + first + ", " + second + ") failed", e);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle function(
            String name, FunctionDescriptor shape, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), shape, options);
    }
}
