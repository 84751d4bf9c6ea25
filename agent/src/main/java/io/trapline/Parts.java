package io.trapline;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The started parts of an agent, closed in reverse. A part that misses its deadline is named and
/// left behind, so that the others still get closed.
final class Parts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Parts.class);

    private final Deque<Part> started = new ArrayDeque<>();

    private record Part(String name, Duration deadline, AutoCloseable close) {}

    <T extends AutoCloseable> T add(String name, Duration deadline, T part) {
        started.push(new Part(name, deadline, part));
        return part;
    }

    @Override
    public void close() {
        while (!started.isEmpty()) {
            close(started.pop());
        }
    }

    private static void close(Part part) {
        FutureTask<Void> task =
                new FutureTask<>(() -> {
                    part.close.close();
                    return null;
                });
        Thread.ofPlatform().daemon().name("close-" + part.name).start(task);
        try {
            task.get(part.deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.warn(
                    "{} did not close within {} ms; going on without it",
                    part.name,
                    part.deadline.toMillis());
        } catch (ExecutionException e) {
            LOG.warn("closing {} failed", part.name, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
