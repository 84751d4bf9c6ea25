package io.trapline.bridge;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.bridge.FrameBudget.Hold;
import io.trapline.bridge.FrameBudget.Share;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = SECONDS)
class FrameBudgetTest {
    private static final int LARGE = FrameBudget.SMALL + 1;

    private static Future<Hold> take(Share share, int bytes) {
        FutureTask<Hold> taking = new FutureTask<>(() -> share.take(bytes));
        Thread.ofVirtual().start(taking);
        return taking;
    }

    private static void assertWaits(Future<Hold> taking) {
        assertThatThrownBy(() -> taking.get(50, MILLISECONDS)).isInstanceOf(TimeoutException.class);
    }

    @Test
    void small_frames_do_not_wait_for_large_ones() throws Exception {
        FrameBudget budget = new FrameBudget(4096, LARGE, Duration.ofHours(1));
        Share one = budget.share(_ -> {});
        Hold large = one.take(LARGE);
        Share two = budget.share(_ -> {});
        Future<Hold> waiting = take(two, LARGE);
        assertWaits(waiting);
        budget.share(_ -> {}).take(1000).close();
        large.arrived();
        large.close();
        waiting.get().close();
        assertThat(budget.held()).isZero();
    }

    @Test
    void one_process_does_not_fill_a_lane_and_keeps_nobody_else_waiting() throws Exception {
        FrameBudget budget = new FrameBudget(4096, LARGE, Duration.ofHours(1));
        Share greedy = budget.share(_ -> {});
        Hold first = greedy.take(1000);
        first.arrived();
        Future<Hold> second = take(greedy, 1000);
        assertWaits(second);
        budget.share(_ -> {}).take(1000).close();
        first.close();
        second.get().close();
        assertThat(budget.held()).isZero();
    }

    @Test
    void who_does_not_send_what_it_announced_is_ended_once_somebody_waits() throws Exception {
        FrameBudget budget = new FrameBudget(4096, LARGE, Duration.ofMillis(200));
        CompletableFuture<String> ended = new CompletableFuture<>();
        Hold held = budget.share(ended::complete).take(LARGE);
        Future<Hold> waiting = take(budget.share(_ -> {}), LARGE);
        assertThat(ended.get())
                .contains("announced a frame of " + LARGE + " bytes")
                .contains("while others waited");
        held.close(); // as its reader does at the end of the pipe
        waiting.get().close();
        assertThat(budget.held()).isZero();
    }

    @Test
    void who_is_ended_waits_no_longer_and_takes_nothing() throws Exception {
        FrameBudget budget = new FrameBudget(4096, LARGE, Duration.ofHours(1));
        Hold held = budget.share(_ -> {}).take(LARGE);
        Share ended = budget.share(_ -> {});
        Future<Hold> waiting = take(ended, LARGE);
        assertWaits(waiting);
        ended.close();
        assertThatThrownBy(waiting::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(BadFrameException.class);
        held.close();
        held.close();
        assertThat(budget.held()).isZero();
    }
}
