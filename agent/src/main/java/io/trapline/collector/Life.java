package io.trapline.collector;

import io.trapline.bridge.Worker;
import io.trapline.collector.Opener.Opening;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Where one version of an input is between its start and its end, and the interpreter that it has
/// just then; all its parts look here.
///
/// Written on the input's own thread alone, but for [#stopping], which whoever stops it sets at
/// once, and the last state, which comes after the last write to the journal. Anyone reads what is
/// volatile.
final class Life {
    /// Null before the first has loaded, and when it is gone.
    @Nullable Worker worker;

    /// Those of the interpreter; they stay when it is gone and has not said so yet.
    @Nullable Ears ears;

    /// Monotonic.
    long openedAt;

    /// Empty as long as no stop has begun.
    String stopReason = "";

    volatile boolean stopping;

    /// The next version has taken over.
    volatile boolean retired;

    volatile OptionalLong processId = OptionalLong.empty();
    volatile State state = new State("starting", "it waits for its thread", Optional.empty());

    /// @param retryAt monotonic
    record State(String word, String reason, Optional<Long> retryAt) {
        boolean isUp() {
            return isRunning() || word.equals("starting");
        }

        boolean isRunning() {
            return word.equals("running");
        }

        boolean isEnding() {
            return word.startsWith("stop");
        }
    }

    /// Begins nothing any more.
    boolean isOver() {
        return stopping || retired;
    }

    /// What was refused stays so until another look has shown otherwise.
    void starting(String reason) {
        if (!state.word.equals("refused")) {
            state = new State("starting", reason, Optional.empty());
        }
    }

    void running(Opening.Good with, long now) {
        worker = with.worker();
        ears = with.ears();
        openedAt = now;
        processId = with.worker().processId();
        state = new State("running", "", Optional.empty());
    }

    void backsOff(String reason, long until) {
        state = new State("backing off", reason, Optional.of(until));
    }

    /// Tried again like one that backs off, and called what it is.
    void refused(String reason, long until) {
        state = new State("refused", reason, Optional.of(until));
    }

    void interpreterIsGone() {
        worker = null;
        processId = OptionalLong.empty();
    }

    void stopping(String reason) {
        stopReason = reason;
        state = new State("stopping", reason, Optional.empty());
    }

    void stopped() {
        state = new State("stopped", stopReason, Optional.empty());
    }
}
