package io.trapline.store;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/// Threads for statements, which DuckDB binds and plans on the stack of whoever asks.
public final class StatementThreads {
    /// Enough for many times what [SqlShape] lets pass. What is not used takes no memory, only
    /// addresses.
    public static final long STACK_BYTES = 64L << 20;

    private StatementThreads() {}

    /// @param name gets a number
    public static ThreadFactory named(String name) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(null, task, name + number.incrementAndGet(), STACK_BYTES);
            thread.setDaemon(true);
            return thread;
        };
    }
}
