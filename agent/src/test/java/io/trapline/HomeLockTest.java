package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeLockTest {
    @TempDir Path root;
    private Home home;

    @BeforeEach
    void create() throws Exception {
        home = new Home(root).create();
    }

    @Test
    void one_that_was_let_go_of_leaves_nothing_behind() throws Exception {
        try (HomeLock lock = HomeLock.acquire(home)) {
            assertThat(lock.leftBehind()).isEmpty();
            lock.publish("http://127.0.0.1:1", "");
        }
        try (HomeLock lock = HomeLock.acquire(home)) {
            assertThat(lock.leftBehind()).isEmpty();
        }
    }

    @Test
    void a_process_that_was_killed_is_known_to_the_next() throws Exception {
        Files.writeString(home.data().resolve("agent.lock"), "4711\nhttp://127.0.0.1:1\n");
        assertThat(HomeLock.isFree(home)).isTrue();
        try (HomeLock lock = HomeLock.acquire(home)) {
            assertThat(lock.leftBehind()).hasValue(4711);
        }
    }

    @Test
    void what_is_no_process_is_nobody() throws Exception {
        Files.writeString(home.data().resolve("agent.lock"), "\u0000\u0000garbage");
        try (HomeLock lock = HomeLock.acquire(home)) {
            assertThat(lock.leftBehind()).isEmpty();
        }
    }
}
