package io.trapline.bridge;

import io.trapline.bridge.Frame.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/// Inputs that run in an executable of the host, one process each.
final class ExternalWorkers {
    private static final Duration INTERRUPT_GRACE = Duration.ofSeconds(1);
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(3);

    private final Path frameworkDir;
    private final Supplier<Duration> loadLimit;
    private final FrameBudget budget;

    ExternalWorkers(Path frameworkDir, Supplier<Duration> loadLimit, FrameBudget budget) {
        this.budget = budget;
        this.frameworkDir = frameworkDir;
        this.loadLimit = loadLimit;
    }

    Session open(WorkerSpec spec, Path executable, WorkerListener listener)
            throws WorkerException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(
                        executable.toString(),
                        "-u",
                        frameworkDir.resolve("trapline_worker.py").toString());
        builder.environment().putAll(spec.environment());
        Carrier carrier = new Carrier(spec, listener, builder, budget);
        carrier.session.load(loadLimit);
        return carrier.session;
    }

    private static final class Carrier implements Session.Carrier, WorkerProcess.Events {
        private final Session session;
        private final WorkerProcess process;

        @SuppressWarnings("this-escape")
        Carrier(
                WorkerSpec spec,
                WorkerListener listener,
                ProcessBuilder builder,
                FrameBudget budget)
                throws WorkerException, InterruptedException {
            session = new Session(spec, 0, listener, this);
            process =
                    WorkerProcess.start(
                            builder,
                            "input " + spec.input(),
                            this,
                            budget,
                            new WorkerProcess.Bounds(Optional.empty(), spec.limits().processes()));
            process.follow();
        }

        @Override
        public void frame(Frame.Received received) throws IOException {
            try (FrameBudget.Hold hold = received.hold()) {
                if (received.frame().worker() != 0) {
                    throw new BadFrameException(
                            "a frame of seat " + received.frame().worker() + ", and it has none");
                }
                session.handle(received.frame(), hold);
            }
        }

        @Override
        public void errorLine(String line) {
            session.output("", WorkerListener.Stream.STDERR, line);
        }

        @Override
        public void ended(String how) {
            session.gone(how);
        }

        @Override
        public void send(Frame frame) throws IOException {
            process.send(frame);
        }

        @Override
        public long pid() {
            return process.pid();
        }

        @Override
        public Duration grace() {
            return INTERRUPT_GRACE;
        }

        @Override
        public void kill(Session culprit, String why) {
            process.kill();
        }

        @Override
        public void giveUp(Session loading, String why) {
            process.kill();
            release(loading);
        }

        @Override
        public void release(Session closing) {
            try {
                process.send(Frame.of(Kind.CLOSE, 0, 0));
            } catch (IOException _) {
                // it is gone already
            }
            try {
                if (!process.awaitEnd(CLOSE_GRACE)) {
                    process.kill();
                    process.awaitEnd(CLOSE_GRACE);
                }
            } catch (InterruptedException _) {
                process.kill();
                Thread.currentThread().interrupt();
            }
        }
    }
}
