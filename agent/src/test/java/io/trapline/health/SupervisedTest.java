package io.trapline.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.health.PartStatus.State;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SupervisedTest {
    private long nanos;
    private boolean stopped;
    private final List<Duration> pauses = new ArrayList<>();
    private final List<State> seenInPauses = new ArrayList<>();
    private final PartState state =
            new PartState("part", () -> Instant.ofEpochSecond(nanos / 1_000_000_000), () -> nanos);

    /// What each life throws; it returns after the last.
    private final Deque<Throwable> lives = new ArrayDeque<>();

    /// How long each life lasts.
    private Duration life = Duration.ZERO;

    private void run() {
        new Supervised(
                        state,
                        () -> stopped,
                        () -> {
                            nanos += life.toNanos();
                            Throwable end = lives.poll();
                            switch (end) {
                                case null -> {}
                                case Error e -> throw e;
                                case Exception e -> throw e;
                                default -> throw new AssertionError(end);
                            }
                        },
                        pause -> {
                            pauses.add(pause);
                            seenInPauses.add(state.status().state());
                            nanos += pause.toNanos();
                        })
                .run();
    }

    static List<Throwable> ends() {
        return List.of(
                new IOException("disk"),
                new IllegalStateException("defect"),
                new OutOfMemoryError("unable to create native thread: possibly out of memory"),
                new StackOverflowError(),
                new ExceptionInInitializerError("no space left on device"),
                new NoClassDefFoundError("Could not initialize class X"),
                new UnsatisfiedLinkError("failed to map segment: Operation not permitted"),
                new InterruptedException("not stopped"));
    }

    @ParameterizedTest
    @MethodSource("ends")
    void whatever_ends_it_it_is_begun_again(Throwable end) {
        lives.add(end);
        run();
        assertThat(lives).isEmpty();
        assertThat(pauses).containsExactly(Duration.ofMillis(100));
        assertThat(seenInPauses).containsExactly(State.RETRYING);
        assertThat(state.status().restarts()).isEqualTo(1);
    }

    @Test
    void the_pauses_grow_to_ten_seconds_and_begin_anew_after_a_good_life() {
        for (int i = 0; i < 10; i++) {
            lives.add(new IOException("again"));
        }
        run();
        assertThat(pauses)
                .startsWith(Duration.ofMillis(100), Duration.ofMillis(200), Duration.ofMillis(400))
                .endsWith(Duration.ofSeconds(10), Duration.ofSeconds(10));
        pauses.clear();
        life = Duration.ofMinutes(1);
        lives.add(new IOException("again"));
        run();
        assertThat(pauses).containsExactly(Duration.ofMillis(100));
    }

    @Test
    void a_class_that_stays_broken_makes_it_dead_and_it_is_tried_on() {
        for (int i = 0; i < 6; i++) {
            lives.add(new NoClassDefFoundError("Could not initialize class X"));
        }
        run();
        assertThat(seenInPauses)
                .containsExactly(
                        State.RETRYING,
                        State.RETRYING,
                        State.RETRYING,
                        State.RETRYING,
                        State.DEAD,
                        State.DEAD);
        assertThat(state.status().why()).contains("Could not initialize class X");
        assertThat(state.status().line()).contains("restart the agent");
    }

    @Test
    void it_counts_as_running_when_it_has_lived_for_a_while() {
        nanos = Duration.ofSeconds(100).toNanos();
        lives.add(new IOException("once"));
        run();
        assertThat(state.status().state()).isEqualTo(State.RETRYING);
        assertThat(state.status().since()).isEqualTo(Instant.ofEpochSecond(100));
        assertThat(state.status().why()).isEqualTo("once");
        nanos += Duration.ofSeconds(6).toNanos();
        assertThat(state.status().state()).isEqualTo(State.RUNNING);
        assertThat(state.status().why()).isEmpty();
        assertThat(state.status().since()).isEqualTo(Instant.ofEpochSecond(106));
    }

    @Test
    void one_that_was_stopped_is_not_begun_again_and_nothing_is_said_of_its_end() {
        Supervised supervised =
                new Supervised(
                        state,
                        () -> stopped,
                        () -> {
                            stopped = true;
                            throw new IOException("closed under it");
                        },
                        pauses::add);
        supervised.run();
        assertThat(pauses).isEmpty();
        assertThat(state.status().isRunning()).isTrue();
    }

    @Test
    void a_missing_thread_is_told_with_what_to_raise() {
        assertThat(Supervised.reason(new OutOfMemoryError("unable to create native thread: x")))
                .contains("pids.max")
                .contains("ulimit -u");
        assertThat(Supervised.reason(new IOException("first\nsecond"))).isEqualTo("first");
        assertThat(Supervised.reason(new IOException())).isEqualTo("java.io.IOException");
    }

    @Test
    void what_is_observed_keeps_since_when_it_is_so() {
        assertThat(state.observed(Optional.empty()).isRunning()).isTrue();
        nanos = Duration.ofSeconds(10).toNanos();
        PartStatus first = state.observed(Optional.of("full"));
        nanos = Duration.ofSeconds(20).toNanos();
        PartStatus second = state.observed(Optional.of("fuller"));
        assertThat(first.since()).isEqualTo(Instant.ofEpochSecond(10));
        assertThat(second.since()).isEqualTo(first.since());
        assertThat(second.why()).isEqualTo("fuller");
        assertThat(second.restarts()).isEqualTo(1);
        assertThat(state.observed(Optional.empty()).isRunning()).isTrue();
    }
}
