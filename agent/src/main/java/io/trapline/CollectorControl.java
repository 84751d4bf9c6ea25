package io.trapline;

import io.trapline.collector.Collectors;
import io.trapline.collector.Commanded;
import io.trapline.collector.TryRun;
import io.trapline.web.CollectorCalls;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// What people tell the collectors of this agent.
final class CollectorControl implements CollectorCalls.Control {
    private final Home home;
    private final Program program;
    private final Supplier<Settings> settings;
    private final Supplier<Collectors> collectors;

    /// @param settings those in force
    /// @param collectors the running ones, which open after the listener
    CollectorControl(
            Home home,
            Program program,
            Supplier<Settings> settings,
            Supplier<Collectors> collectors) {
        this.home = home;
        this.program = program;
        this.settings = settings;
        this.collectors = collectors;
    }

    @Override
    public Commanded runNow(String input, String collector) throws InterruptedException {
        return collectors.get().runNow(input, collector);
    }

    @Override
    public Commanded pause(String input, String collector) throws InterruptedException {
        return collectors.get().pause(input, collector);
    }

    @Override
    public Commanded resume(String input, String collector) throws InterruptedException {
        return collectors.get().resume(input, collector);
    }

    @Override
    public TryRun.Result tryOut(String input, Predicate<String> wanted) throws Exception {
        if (settings.get().inputs().stream().noneMatch(one -> one.name().equals(input))) {
            throw new TryOut.NotFoundException("there is no input " + input);
        }
        return TryOut.run(home, program, input, wanted);
    }
}
