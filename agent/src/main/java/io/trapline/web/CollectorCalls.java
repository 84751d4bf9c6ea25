package io.trapline.web;

import io.trapline.collector.Commanded;
import io.trapline.collector.TryRun;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What people may tell collectors, whether by the API or by a page.
public final class CollectorCalls {
    private static final Logger LOG = LoggerFactory.getLogger(CollectorCalls.class);
    private static final Duration TRY_LIMIT = Duration.ofSeconds(60);
    private static final int TRIES_AT_ONCE = 2;

    private final Control control;
    private final Semaphore tries = new Semaphore(TRIES_AT_ONCE);

    public CollectorCalls(Control control) {
        this.control = control;
    }

    /// The agent's side.
    public interface Control {
        /// @param collector a class's name; empty = all of the input
        Commanded runNow(String input, String collector) throws InterruptedException;

        Commanded pause(String input, String collector) throws InterruptedException;

        Commanded resume(String input, String collector) throws InterruptedException;

        /// As `trapline try` does, aside from what runs.
        ///
        /// @throws Exception with a message for people
        TryRun.Result tryOut(String input, Predicate<String> collectors) throws Exception;
    }

    /// How a try ended.
    public sealed interface Tried {
        record Ran(TryRun.Result result) implements Tried {}

        /// @param status as in HTTP
        record Not(int status, String message) implements Tried {}
    }

    /// @param command `run`, `pause` or `resume`
    public Commanded command(String command, String input, String collector)
            throws InterruptedException {
        Commanded outcome =
                switch (command) {
                    case "run" -> control.runNow(input, collector);
                    case "pause" -> control.pause(input, collector);
                    case "resume" -> control.resume(input, collector);
                    default ->
                            new Commanded.Unknown("accepted here are run, try, pause and resume");
                };
        if (outcome instanceof Commanded.Done(var collectors)) {
            LOG.info("by hand: {} {} of input {}", command, collectors, input);
        }
        return outcome;
    }

    /// Runs on a thread of its own, for at most a minute; two at a time.
    public Tried tryOut(String input, String collector) throws InterruptedException {
        if (!tries.tryAcquire()) {
            return new Tried.Not(
                    429, TRIES_AT_ONCE + " tries are going on; repeat when one has ended");
        }
        Predicate<String> wanted = name -> collector.isEmpty() || collector.equals(name);
        FutureTask<TryRun.Result> task =
                new FutureTask<>(() -> {
                    try {
                        return control.tryOut(input, wanted);
                    } finally {
                        tries.release();
                    }
                });
        Thread.ofPlatform().daemon().name("try-" + input).start(task);
        try {
            return new Tried.Ran(task.get(TRY_LIMIT.toSeconds(), TimeUnit.SECONDS));
        } catch (TimeoutException e) {
            task.cancel(true);
            return new Tried.Not(
                    504,
                    "the try did not end within "
                            + TRY_LIMIT.toSeconds()
                            + " s and was given up; for longer ones use: ./trapline try "
                            + input);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            return new Tried.Not(
                    422, cause.getMessage() == null ? cause.toString() : cause.getMessage());
        }
    }
}
