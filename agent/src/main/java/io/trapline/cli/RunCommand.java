package io.trapline.cli;

import io.trapline.Agent;
import io.trapline.Home;
import io.trapline.StartFailure;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "run",
        description =
                "Runs the agent in the foreground until SIGTERM or SIGINT; SIGHUP reloads, as"
                        + " `trapline reload` does (only the latter under nohup).")
final class RunCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(RunCommand.class);

    /// A stop that takes longer is ended: a service manager would do the same, less politely.
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private static final int HANGUP = 1;

    @Mixin private HomeOption home;

    @Override
    public Integer call() throws Exception {
        CountDownLatch stop = new CountDownLatch(1);
        Runnable stopOrHalt =
                () -> {
                    if (stop.getCount() == 0) {
                        LOG.warn("second signal: ending at once");
                        Runtime.getRuntime().halt(Cli.FAILED);
                    }
                    stop.countDown();
                };
        Signals.handle("TERM", stopOrHalt);
        Signals.handle("INT", stopOrHalt);

        // Parts come back by themselves; of what does not, the log is to say that it ended.
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, e) -> LOG.error("the thread {} ended by an error", thread.getName(), e));
        Home folder = folder();
        try (Agent agent = Agent.start(folder, HomeOption.program())) {
            Signals.handle("HUP", () -> Thread.ofVirtual().start(agent::reload));
            if (Signals.isIgnored(HANGUP)) {
                // The JVM leaves a signal alone that was ignored when it started.
                LOG.warn(
                        "SIGHUP is ignored, as under nohup: kill -HUP does nothing; `trapline"
                                + " reload` reloads");
            }
            System.out.println("ready " + agent.address());
            System.out.flush();
            stop.await();
            LOG.info("stopping");
            watchTheStop();
        } catch (StartFailure e) {
            throw new CommandFailure(e.isConfiguration() ? Cli.USAGE : Cli.FAILED, e.getMessage());
        }
        LOG.info("stopped");
        return Cli.OK;
    }

    private Home folder() throws CommandFailure {
        try {
            return home.home().create();
        } catch (UncheckedIOException e) {
            throw new CommandFailure(Cli.USAGE, e.getMessage());
        }
    }

    private static void watchTheStop() {
        Thread.ofPlatform()
                .daemon()
                .name("stop-limit")
                .start(() -> {
                    try {
                        Thread.sleep(STOP_LIMIT);
                        LOG.error(
                                "not stopped after {} s, ending at once; what was"
                                        + " acknowledged is on disk",
                                STOP_LIMIT.toSeconds());
                        Runtime.getRuntime().halt(Cli.FAILED);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
    }
}
