package io.trapline.gitsync;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.gitsync.GitSettings.Repository;
import io.trapline.gitsync.RepositoryStatus.State;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Against the machine's own `sshd`.
class SshSyncTest {
    private static final String PASSPHRASE = "op3n sesame";

    @TempDir Path folder;
    private Path gitrepos;
    private Path knownHosts;
    private Origin origin;
    private SshServer server;

    @BeforeEach
    void start() throws Exception {
        gitrepos = Files.createDirectories(folder.resolve("gitrepos"));
        knownHosts = folder.resolve("known_hosts");
        origin = new Origin(folder);
        origin.write("conf.d/a.conf", "one").push("first");
        serve("ed25519", PASSPHRASE);
    }

    private void serve(String type, String passphrase) throws Exception {
        stop();
        server = new SshServer(Files.createTempDirectory(folder, "ssh"), type, passphrase);
        Files.writeString(knownHosts, server.knownHostLine());
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    private RepositoryStatus sync(String passphrase, boolean verify) throws InterruptedException {
        return sync(server.userKey().toString(), passphrase, verify);
    }

    private RepositoryStatus sync(String key, String passphrase, boolean verify)
            throws InterruptedException {
        Repository settings =
                new Repository(true, server.url(origin.bare()), "master", key, passphrase, verify);
        RepositorySync sync =
                new RepositorySync(
                        gitrepos,
                        settings,
                        new SshFiles(folder, knownHosts),
                        (_, _) -> List.of(),
                        InstantSource.system());
        var _ = sync.sync(settings, Duration.ofSeconds(60), 1 << 20);
        return sync.status();
    }

    @Test
    void a_key_with_a_passphrase_and_a_known_server_work() throws Exception {
        assertSynced(sync(PASSPHRASE, true));
    }

    @ParameterizedTest
    @CsvSource({
        "ed25519, ''",
        "rsa,     ''",
        "rsa,     pass word",
        "ecdsa,   ''",
        "ecdsa,   pass word",
    })
    void every_usual_kind_of_key_works(String type, String passphrase) throws Exception {
        serve(type, passphrase);

        assertSynced(sync(passphrase, true));
    }

    private void assertSynced(RepositoryStatus status) throws IOException {
        assertThat(status.error()).isEmpty();
        assertThat(status.state()).isEqualTo(State.OK);
        assertThat(gitrepos.resolve("confs/conf.d/a.conf")).hasContent("one");
    }

    @Test
    void a_path_of_a_key_starts_at_the_home() throws Exception {
        String relative = folder.relativize(server.userKey()).toString();

        assertSynced(sync(relative, PASSPHRASE, true));
    }

    @Test
    void a_server_that_is_not_known_is_refused_and_nothing_is_written() throws Exception {
        Files.writeString(knownHosts, "");

        RepositoryStatus status = sync(PASSPHRASE, true);

        assertThat(status.state()).isEqualTo(State.FAILING);
        assertThat(status.error())
                .contains("ssh-ed25519 " + server.hostFingerprint())
                .contains(knownHosts + " has no key of it")
                .contains("ssh-keyscan -p");
        assertThat(knownHosts).isEmptyFile();
    }

    @Test
    void a_server_with_another_key_is_refused() throws Exception {
        Files.writeString(knownHosts, server.wrongHostLine());

        RepositoryStatus status = sync(PASSPHRASE, true);

        assertThat(status.state()).isEqualTo(State.FAILING);
        assertThat(status.error())
                .contains(server.hostFingerprint())
                .contains(knownHosts + " has another one of it");
    }

    @Test
    void a_repository_may_switch_the_check_of_the_server_off() throws Exception {
        Files.delete(knownHosts);

        assertThat(sync(PASSPHRASE, false).state()).isEqualTo(State.OK);
    }

    @Test
    void a_wrong_passphrase_shows_nowhere() throws Exception {
        RepositoryStatus status = sync("wr0ng-words", true);

        assertThat(status.state()).isEqualTo(State.FAILING);
        assertThat(status.error()).contains("cannot be opened with ssh_private_key_password");
        assertThat(status.toString()).doesNotContain("wr0ng");
    }

    @Test
    void a_missing_passphrase_is_said() throws Exception {
        assertThat(sync("", true).error()).contains("needs a passphrase");
    }

    @Test
    void a_key_that_the_server_does_not_know_is_refused() throws Exception {
        Path other = Files.createTempDirectory(folder, "ssh");
        try (SshServer stranger = new SshServer(other, "ed25519", "")) {
            assertThat(sync(stranger.userKey().toString(), "", true).error())
                    .contains("Cannot log in");
        }
    }

    @Test
    void a_server_that_never_answers_is_given_up_after_the_timeout() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Repository settings =
                    new Repository(
                            true,
                            "ssh://git@127.0.0.1:" + silent.getLocalPort() + "/confs.git",
                            "master",
                            server.userKey().toString(),
                            PASSPHRASE,
                            true);
            RepositorySync sync =
                    new RepositorySync(
                            gitrepos,
                            settings,
                            new SshFiles(folder, knownHosts),
                            (_, _) -> List.of(),
                            InstantSource.system());

            assertThat(sync.sync(settings, Duration.ofSeconds(1), 1 << 20)).isFalse();

            assertThat(sync.status().state()).isEqualTo(State.FAILING);
        }
    }

    @Test
    void a_key_that_is_missing_is_named() throws IOException, InterruptedException {
        RepositoryStatus status = sync("ssh/none", "", true);

        assertThat(status.state()).isEqualTo(State.FAILING);
        assertThat(status.error()).contains("ssh_private_key_path").contains("ssh/none");
    }
}
