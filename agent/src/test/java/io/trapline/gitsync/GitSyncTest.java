package io.trapline.gitsync;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.gitsync.GitSettings.Repository;
import io.trapline.gitsync.RepositoryStatus.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Several repositories, each with its own thread.
class GitSyncTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir Path folder;
    private final AtomicInteger changes = new AtomicInteger();
    private Path gitrepos;
    private Origin origin;
    private GitHttpServer server;
    private GitSync sync;

    @BeforeEach
    void start() throws IOException {
        gitrepos = Files.createDirectories(folder.resolve("gitrepos"));
        origin = new Origin(folder);
        origin.write("conf.d/a.conf", "one").push("first");
        server = new GitHttpServer(origin.served(), "", null);
        sync =
                new GitSync(
                        gitrepos,
                        folder,
                        (_, _) -> List.of(),
                        changes::incrementAndGet,
                        InstantSource.system());
    }

    @AfterEach
    void stop() {
        sync.close();
        server.close();
    }

    private Repository repository(String url, boolean enabled) {
        return new Repository(enabled, url, "master", "", "", true);
    }

    private String served() {
        return "http://" + server.host() + "/confs.git";
    }

    /// An address at which nobody listens.
    private static String nowhere() {
        return "http://127.0.0.1:1/other.git";
    }

    private static GitSettings settings(Repository... repositories) {
        return new GitSettings(Duration.ofDays(1), LONG, 1 << 20, "", List.of(repositories));
    }

    @Test
    void one_that_fails_does_not_hold_up_another_and_they_are_searched_in_order() throws Exception {
        GitSettings both =
                settings(
                        repository(nowhere(), true),
                        repository(served(), true),
                        repository("", false));
        sync.configure(both);

        assertThat(sync.sync(Optional.empty(), LONG)).isTrue();

        assertThat(sync.status())
                .extracting(RepositoryStatus::name, RepositoryStatus::state)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("other", State.FAILING),
                        org.assertj.core.groups.Tuple.tuple("confs", State.OK));
        assertThat(GitSync.roots(gitrepos, both))
                .containsExactly(gitrepos.resolve("other"), gitrepos.resolve("confs"));
        assertThat(gitrepos.resolve("confs/conf.d/a.conf")).hasContent("one");
        assertThat(changes).hasValue(1);
    }

    @Test
    void a_sync_by_hand_does_not_wait_for_the_interval() throws Exception {
        sync.configure(settings(repository(served(), true)));
        sync.sync(Optional.empty(), LONG);
        origin.write("conf.d/a.conf", "two").push("second");

        assertThat(sync.sync(Optional.of("confs"), LONG)).isTrue();

        assertThat(gitrepos.resolve("confs/conf.d/a.conf")).hasContent("two");
    }

    @Test
    void a_repository_that_is_switched_off_is_left_as_it_is_and_no_longer_asked() throws Exception {
        sync.configure(settings(repository(served(), true)));
        sync.sync(Optional.empty(), LONG);
        sync.configure(settings(repository(served(), false)));
        int asked = server.requests().size();

        assertThat(sync.sync(Optional.empty(), LONG)).isTrue();

        assertThat(sync.status()).isEmpty();
        assertThat(server.requests()).hasSize(asked);
        assertThat(gitrepos.resolve("confs/conf.d/a.conf")).hasContent("one");
    }

    @Test
    void a_changed_branch_is_asked_for_at_once() throws Exception {
        sync.configure(settings(repository(served(), true)));
        sync.sync(Optional.empty(), LONG);
        origin.git("checkout", "-q", "-b", "stage");
        origin.write("conf.d/a.conf", "stage").push("on stage");

        sync.configure(settings(new Repository(true, served(), "stage", "", "", true)));
        assertThat(sync.sync(Optional.empty(), LONG)).isTrue();

        assertThat(gitrepos.resolve("confs/conf.d/a.conf")).hasContent("stage");
        assertThat(GitSync.history(gitrepos, settings(repository(served(), true))))
                .extracting(SyncEvent::kind)
                .containsExactly("applied", "applied");
    }
}
