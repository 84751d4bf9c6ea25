package io.trapline.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class PlatformThreadsTest {
    private static boolean isVirtualInside() {
        return PlatformThreads.call(() -> Thread.currentThread().isVirtual());
    }

    @Test
    void work_of_a_virtual_thread_is_done_on_a_platform_thread() throws Exception {
        FutureTask<Boolean> task = new FutureTask<>(PlatformThreadsTest::isVirtualInside);
        Thread.ofVirtual().start(task);
        assertThat(task.get()).isFalse();
    }

    @Test
    void work_of_a_platform_thread_stays_there() {
        Thread here = Thread.currentThread();
        assertThat(PlatformThreads.<Thread, RuntimeException>call(Thread::currentThread))
                .isSameAs(here);
    }

    @Test
    void the_caller_gets_the_failure_and_keeps_its_interrupt() throws Exception {
        FutureTask<Boolean> task =
                new FutureTask<>(() -> {
                    Thread.currentThread().interrupt();
                    assertThatThrownBy(() ->
                                    PlatformThreads.call(() -> {
                                        throw new IOException("disk");
                                    }))
                            .isInstanceOf(IOException.class)
                            .hasMessage("disk");
                    return Thread.currentThread().isInterrupted();
                });
        Thread.ofVirtual().start(task);
        assertThat(task.get()).isTrue();
    }
}
