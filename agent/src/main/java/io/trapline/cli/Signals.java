package io.trapline.cli;

import java.lang.reflect.Proxy;

/// Signal handlers. The JDK's only door to them, `sun.misc.Signal`, is supported but not part of
/// the API that `--release` shows, hence the reflection.
final class Signals {
    private Signals() {}

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
