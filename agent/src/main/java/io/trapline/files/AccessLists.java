package io.trapline.files;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// POSIX access control lists, which the JDK cannot see.
final class AccessLists {
    private AccessLists() {}

    /// Whether a file's rights are more than its mode says: with such a list, the group's bits of
    /// the mode are the most that anybody named in the list has.
    @SuppressWarnings("restricted")
    static boolean isOn(Path file) {
        Linker linker = Linker.nativeLinker();
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle getxattr =
                    linker.downcallHandle(
                            linker.defaultLookup().findOrThrow("getxattr"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_LONG));
            long size =
                    (long)
                            getxattr.invokeExact(
                                    arena.allocateFrom(file.toString()),
                                    arena.allocateFrom("system.posix_acl_access"),
                                    MemorySegment.NULL,
                                    0L);
            return size > 0;
        } catch (Throwable e) {
            throw new IllegalStateException("getxattr(" + file + ") failed", e);
        }
    }
}
