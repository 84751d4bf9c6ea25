package io.trapline.health;

import io.trapline.health.PartStatus.State;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.LongSupplier;

/// What a part, or who supervises it, tells of it; any thread may ask.
///
/// A part that was begun again after a failure counts as running once it has lived for a while, or
/// says so itself.
public final class PartState {
    /// What failed at once before is given so long to fail again.
    static final Duration GOOD_LIFE = Duration.ofSeconds(5);

    private final String name;
    private final InstantSource clock;
    private final LongSupplier nanos;
    private State state = State.RUNNING;
    private String why = "";
    private Instant since;
    private int restarts;
    private boolean alive = true;
    private long bornNs;

    public PartState(String name) {
        this(name, InstantSource.system(), System::nanoTime);
    }

    /// @param nanos a clock that never jumps
    public PartState(String name, InstantSource clock, LongSupplier nanos) {
        this.name = name;
        this.clock = clock;
        this.nanos = nanos;
        since = clock.instant();
        bornNs = nanos.getAsLong();
    }

    /// It does its work.
    public synchronized void running() {
        become(State.RUNNING, "");
        alive = true;
        bornNs = nanos.getAsLong();
    }

    /// It is begun (again); whether that holds is to be seen.
    public synchronized void begun() {
        alive = true;
        bornNs = nanos.getAsLong();
    }

    /// It failed and will be tried again.
    public synchronized void retrying(String reason) {
        failed(State.RETRYING, reason);
    }

    /// It failed in a way that this process is unlikely to get over.
    public synchronized void dead(String reason) {
        failed(State.DEAD, reason);
    }

    /// What somebody who looks at the part sees; for parts that tell of themselves in other ways.
    ///
    /// @param trouble that it is in, empty when it is well
    public synchronized PartStatus observed(Optional<String> trouble) {
        if (trouble.isEmpty()) {
            running();
        } else if (state == State.RUNNING) {
            retrying(trouble.get());
        } else {
            why = trouble.get();
        }
        return status();
    }

    private void failed(State next, String reason) {
        settle();
        become(next, reason.isBlank() ? "it failed without a reason" : reason);
        alive = false;
        restarts++;
    }

    private void become(State next, String reason) {
        if (state != next) {
            state = next;
            since = clock.instant();
        }
        why = reason;
    }

    /// Whether it has lived well since it was begun last.
    synchronized boolean isWell() {
        return alive && nanos.getAsLong() - bornNs > GOOD_LIFE.toNanos();
    }

    private void settle() {
        if (state != State.RUNNING && isWell()) {
            become(State.RUNNING, "");
        }
    }

    public synchronized PartStatus status() {
        settle();
        return new PartStatus(name, state, why, since, restarts);
    }
}
