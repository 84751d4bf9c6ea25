package io.trapline.machine;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Loads what the JVM would load when it first needs it, and would then give up for good if there
/// happened to be no descriptor or thread left: a class whose initialization failed is not
/// initialized again, and a library that could not be opened is not looked into again.
public final class Ahead {
    private static final Logger LOG = LoggerFactory.getLogger(Ahead.class);

    private Ahead() {}

    /// To be called once, before connections are taken.
    public static void load() {
        // All libraries of the class path are opened in search of what none of them has.
        var _ = Ahead.class.getClassLoader().getResource("no/such/resource");
        // The first virtual thread that waits for a time has the JVM start the thread that wakes
        // it.
        Thread sleeper =
                Thread.startVirtualThread(() -> {
                    try {
                        Thread.sleep(1);
                    } catch (InterruptedException _) {
                        Thread.currentThread().interrupt();
                    }
                });
        try {
            sleeper.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        try {
            // Virtual threads wait with it for sockets: it opens descriptors and starts threads.
            Class<?> _ = Class.forName("sun.nio.ch.Poller", true, null);
        } catch (ClassNotFoundException e) {
            LOG.debug("this JVM has no such class", e);
        }
    }
}
