package io.trapline.health;

import java.time.Instant;

/// How one part of the agent is doing.
///
/// @param name such as `store`, `core listener`, `output upstream`
/// @param why it does not run, one line; empty when it does
/// @param since when it is in this state
/// @param restarts how often it failed and was begun again since the agent's start
public record PartStatus(String name, State state, String why, Instant since, int restarts) {
    public enum State {
        RUNNING,
        /// It failed and is tried again, after pauses that grow to ten seconds.
        RETRYING,
        /// It is tried again as well, but only another start of the agent is likely to help.
        DEAD
    }

    public PartStatus {
        if (name.isBlank() || restarts < 0 || (state == State.RUNNING) != why.isEmpty()) {
            throw new IllegalArgumentException(
                    "no status: " + name + ", " + state + ", " + why + ", " + restarts);
        }
    }

    public boolean isRunning() {
        return state == State.RUNNING;
    }

    /// For people and for `/healthz`.
    public String line() {
        return switch (state) {
            case RUNNING -> name + ": running";
            case RETRYING -> name + ": " + why;
            case DEAD ->
                    name + ": " + why + "; it is tried again, but restart the agent if that stays";
        };
    }
}
