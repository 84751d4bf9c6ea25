package io.trapline.cli;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;

/// Signal handlers. The JDK's only door to them, `sun.misc.Signal`, is supported but not part of
/// the API that `--release` shows, hence the reflection.
final class Signals {
    private Signals() {}

    /// Whether the kernel drops this signal for this process; false where that is not known.
    static boolean isIgnored(int number) {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("SigIgn:"))
                    .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
                    .anyMatch(mask -> (mask >>> (number - 1) & 1) == 1);
        } catch (IOException | NumberFormatException _) {
            return false;
        }
    }

    /// Runs `action` on a thread of the JVM's each time the signal arrives. `name` is without
    /// `SIG`.
    static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy =
                    Proxy.newProxyInstance(
                            Signals.class.getClassLoader(),
                            new Class<?>[] {handler},
                            (self, method, arguments) ->
                                    switch (method.getName()) {
                                        case "handle" -> {
                                            action.run();
                                            yield null;
                                        }
                                        case "hashCode" -> System.identityHashCode(self);
                                        case "equals" -> false;
                                        default -> "handler of SIG" + name;
                                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM offers no handler for SIG" + name, e);
        }
    }
}
