package io.trapline.bridge;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// One run of `training/trapline_training.py` in a host JVM that remembers it: what a host does in
/// its first seconds is then in the start cache.
final class Training {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final String MODULE = "trapline_training";

    private Training() {}

    static void run(HostCommand command, Path frameworkDir)
            throws IOException, WorkerException, InterruptedException {
        EmbeddedHost host =
                EmbeddedHost.start(command.training(frameworkDir), false, new FrameBudget());
        try {
            Path folder = frameworkDir.resolve("training");
            WorkerSpec.Module module =
                    new WorkerSpec.Module(MODULE, folder.resolve(MODULE + ".py"), folder);
            WorkerSpec spec =
                    new WorkerSpec(
                            "training",
                            Optional.empty(),
                            false,
                            List.of(module),
                            Map.of(),
                            "127.0.0.1",
                            9529);
            CompletableFuture<WorkerListener.RunEnd> ended = new CompletableFuture<>();
            Worker worker =
                    host.open(spec, new Listener(ended), () -> Session.LOAD_LIMIT, new HashSet<>());
            worker.start(MODULE + ".Training", 1);
            WorkerListener.RunEnd end = ended.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            worker.close();
            if (!(end instanceof WorkerListener.RunEnd.Returned)) {
                throw new WorkerException("the training run ended as " + end);
            }
            if (!host.endByItself(LIMIT)) {
                throw new WorkerException("the trained host did not end within " + LIMIT);
            }
        } catch (EmbeddedHost.FullException e) {
            throw new WorkerException("the training host has no room: " + e.getMessage(), e);
        } catch (ExecutionException e) {
            throw new WorkerException("the training run failed: " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new WorkerException("the training run did not end within " + LIMIT, e);
        } finally {
            host.end();
        }
    }

    private record Listener(CompletableFuture<RunEnd> ended) implements WorkerListener {
        @Override
        public Reply report(String collectorId, long runId, byte[] request) {
            return Reply.OK;
        }

        @Override
        public void output(String collectorId, Stream stream, String line) {
            // it counts itself
        }

        @Override
        public void finished(long runId, RunEnd end) {
            ended.complete(end);
        }

        @Override
        public void died(String reason, String culprit) {
            ended.completeExceptionally(new WorkerException(reason));
        }
    }
}
