package io.trapline.collector;

import io.trapline.bridge.Bridge;
import io.trapline.bridge.Worker;
import io.trapline.bridge.WorkerException;
import io.trapline.bridge.WorkerListener;
import io.trapline.bridge.WorkerListener.Reply;
import io.trapline.bridge.WorkerListener.RunEnd;
import io.trapline.bridge.WorkerSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/// An interpreter that does what the test says: each collector has a script for its runs.
final class FakeBridge implements Bridge {
    final List<FakeWorker> opened = Collections.synchronizedList(new ArrayList<>());
    final Map<String, List<LoadedScript>> inputs = new HashMap<>();
    final List<WorkerSpec> specs = Collections.synchronizedList(new ArrayList<>());
    int failOpens;

    /// Called when the agent has the interpreter in hand.
    java.util.function.Consumer<FakeWorker> onOpen = _ -> {};

    /// What the next interpreters could not load.
    List<Worker.LoadProblem> problems = List.of();

    final List<Long> openTimes = Collections.synchronizedList(new ArrayList<>());
    LongSupplier nanos = () -> 0;
    BiConsumer<FakeWorker, Long> onInterrupt = (_, _) -> {};

    /// Something holds the interpreters: runs are started and do not begin.
    boolean held;

    /// @param id `module.Class`, or a class's name alone
    record LoadedScript(String id, double interval, BiConsumer<FakeWorker, Long> run) {
        Worker.LoadedCollector loaded() {
            String plain = id.replaceFirst("#\\d+$", "");
            int dot = plain.lastIndexOf('.');
            String module = dot < 0 ? "m" : plain.substring(0, dot);
            String file = "/d/" + module.replace('.', '/') + ".py";
            return new Worker.LoadedCollector(
                    id, plain.substring(dot + 1), module, file, interval, "");
        }
    }

    void collector(String input, String id, double interval, BiConsumer<FakeWorker, Long> run) {
        inputs.computeIfAbsent(input, _ -> new ArrayList<>())
                .add(new LoadedScript(id, interval, run));
    }

    @Override
    public Worker open(WorkerSpec spec, WorkerListener listener) throws WorkerException {
        openTimes.add(nanos.getAsLong());
        specs.add(spec);
        if (failOpens > 0) {
            failOpens--;
            throw new WorkerException("could not start python9: no such file; install it");
        }
        FakeWorker worker =
                new FakeWorker(
                        this, listener, inputs.getOrDefault(spec.input(), List.of()), onInterrupt);
        worker.problems = problems;
        opened.add(worker);
        onOpen.accept(worker);
        return worker;
    }

    FakeWorker last() {
        return opened.getLast();
    }

    @Override
    public void close() {}

    static final class FakeWorker implements Worker {
        final FakeBridge bridge;
        final WorkerListener listener;
        final Map<String, LoadedScript> scripts = new LinkedHashMap<>();
        final Map<Long, String> active = new LinkedHashMap<>();
        final List<String> started = new ArrayList<>();
        final BiConsumer<FakeWorker, Long> onInterrupt;
        final List<Long> interrupted = new ArrayList<>();
        List<LoadProblem> problems = List.of();
        boolean closed;
        boolean dead;

        FakeWorker(
                FakeBridge bridge,
                WorkerListener listener,
                List<LoadedScript> scripts,
                BiConsumer<FakeWorker, Long> onInterrupt) {
            this.bridge = bridge;
            this.listener = listener;
            this.onInterrupt = onInterrupt;
            scripts.forEach(s -> this.scripts.put(s.id(), s));
        }

        @Override
        public List<LoadedCollector> collectors() {
            return scripts.values().stream().map(LoadedScript::loaded).toList();
        }

        @Override
        public List<LoadProblem> problems() {
            return problems;
        }

        @Override
        public OptionalLong processId() {
            return OptionalLong.of(4711);
        }

        @Override
        public void start(String collectorId, long runId) throws WorkerException {
            if (dead) {
                throw new WorkerException("the pipe is closed");
            }
            if (active.containsValue(collectorId)) {
                throw new AssertionError(collectorId + " runs twice at the same time");
            }
            active.put(runId, collectorId);
            started.add(collectorId);
            if (!bridge.held) {
                listener.started(runId);
            }
            Objects.requireNonNull(scripts.get(collectorId)).run().accept(this, runId);
        }

        Reply report(long runId, String body) {
            String id = active.getOrDefault(runId, "");
            return listener.report(id, runId, body.getBytes(StandardCharsets.UTF_8));
        }

        void returns(long runId) {
            ends(runId, new RunEnd.Returned());
        }

        void ends(long runId, RunEnd end) {
            active.remove(runId);
            listener.finished(runId, end);
        }

        void dies(String reason, String culprit) {
            dead = true;
            active.clear();
            listener.died(reason, culprit);
        }

        @Override
        public void interrupt(long runId) {
            interrupted.add(runId);
            onInterrupt.accept(this, runId);
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
