package io.trapline;

import io.trapline.collector.Commanded;
import io.trapline.collector.TryRun;
import io.trapline.web.CollectorCalls;
import java.util.function.Predicate;

/// What people tell the collectors of this agent.
final class CollectorControl implements CollectorCalls.Control {
    private final Home home;
    private final Program program;
    private final InForce inForce;
    private final LateParts late;

    CollectorControl(Home home, Program program, InForce inForce, LateParts late) {
        this.home = home;
        this.program = program;
        this.inForce = inForce;
        this.late = late;
    }

    @Override
    public Commanded runNow(String input, String collector) throws InterruptedException {
        return late.collectors().runNow(input, collector);
    }

    @Override
    public Commanded pause(String input, String collector) throws InterruptedException {
        return late.collectors().pause(input, collector);
    }

    @Override
    public Commanded resume(String input, String collector) throws InterruptedException {
        return late.collectors().resume(input, collector);
    }

    @Override
    public TryRun.Result tryOut(String input, Predicate<String> wanted) throws Exception {
        if (inForce.settings().inputs().stream().noneMatch(one -> one.name().equals(input))) {
            throw new TryOut.NotFoundException("there is no input " + input);
        }
        return TryOut.run(home, program, input, wanted, _ -> {});
    }
}
