package io.trapline.gitsync;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Runs work on a thread of its own and gives it up when it takes too long: a server that answers
/// one byte a minute never runs into a timeout of reading.
final class Attempt {
    private Attempt() {}

    /// @param giveUp ends the work, as far as that can be done; called when it takes too long
    /// @throws IOException of the work, or that it took too long
    static <T> T run(String name, Duration limit, Callable<T> work, Runnable giveUp)
            throws IOException, InterruptedException, RefusedException {
        FutureTask<T> task = new FutureTask<>(work);
        Thread thread = Thread.ofPlatform().daemon().name(name).start(task);
        try {
            return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            abandon(thread, giveUp);
            throw new IOException(
                    "not finished after "
                            + limit.toSeconds()
                            + " s; [git_repos] timeout gives it longer");
        } catch (InterruptedException e) {
            abandon(thread, giveUp);
            throw e;
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException known -> throw known;
                case RefusedException known -> throw known;
                case RuntimeException defect -> throw defect;
                case Error defect -> throw defect;
                case null, default -> throw new IOException(e.getCause());
            }
        }
    }

    private static void abandon(Thread thread, Runnable giveUp) {
        giveUp.run();
        thread.interrupt();
    }
}
