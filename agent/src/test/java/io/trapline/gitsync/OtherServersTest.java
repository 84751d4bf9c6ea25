package io.trapline.gitsync;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.gitsync.GitSettings.Repository;
import io.trapline.gitsync.RepositoryStatus.State;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `git daemon`, HTTPS, and servers that break off or say nothing.
class OtherServersTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir Path folder;
    private Path gitrepos;
    private Origin origin;

    @BeforeEach
    void start() throws IOException {
        gitrepos = Files.createDirectories(folder.resolve("gitrepos"));
        origin = new Origin(folder);
        origin.write("conf.d/a.conf", "one").push("first");
    }

    private static Repository repository(String url, boolean verify) {
        return new Repository(true, url, "master", "", "", verify);
    }

    private RepositorySync sync(Repository settings) {
        return new RepositorySync(
                gitrepos,
                settings,
                new SshFiles(folder, folder.resolve("known_hosts")),
                (_, _) -> List.of(),
                InstantSource.system());
    }

    private RepositoryStatus once(Repository settings, Duration limit) throws InterruptedException {
        RepositorySync sync = sync(settings);
        boolean _ = sync.sync(settings, limit, 1 << 20);
        return sync.status();
    }

    private Path conf() {
        return gitrepos.resolve("confs/conf.d/a.conf");
    }

    @Test
    void a_git_daemon_is_followed_over_a_force_push_and_when_it_is_gone() throws Exception {
        try (GitDaemon daemon = new GitDaemon(origin.served())) {
            Repository settings = repository(daemon.url("confs.git"), true);
            RepositorySync sync = sync(settings);
            assertThat(sync.sync(settings, LONG, 1 << 20)).isTrue();
            assertThat(conf()).hasContent("one");

            origin.git("checkout", "-q", "--orphan", "new");
            origin.write("conf.d/a.conf", "two").push("other");
            origin.git("push", "-q", "-f", "origin", "HEAD:master");
            assertThat(sync.sync(settings, LONG, 1 << 20)).isTrue();
            assertThat(conf()).hasContent("two");

            daemon.stop();
            assertThat(sync.sync(settings, LONG, 1 << 20)).isFalse();
            assertThat(sync.status().state()).isEqualTo(State.FAILING);
            assertThat(conf()).hasContent("two");
        }
    }

    @Test
    void a_git_daemon_without_the_repository_is_an_error_that_names_it() throws Exception {
        try (GitDaemon daemon = new GitDaemon(origin.served())) {
            RepositoryStatus status = once(repository(daemon.url("nosuch.git"), true), LONG);

            assertThat(status.state()).isEqualTo(State.FAILING);
            assertThat(status.error()).contains("nosuch.git");
        }
    }

    @Test
    void a_git_daemon_that_never_answers_is_given_up_after_the_timeout() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String url = "git://127.0.0.1:" + silent.getLocalPort() + "/confs.git";

            RepositoryStatus status = once(repository(url, true), Duration.ofSeconds(1));

            assertThat(status.state()).isEqualTo(State.FAILING);
        }
    }

    /// Each read is answered, so that no timeout of reading ever fires.
    @Test
    void a_server_that_sends_a_byte_now_and_then_is_given_up_after_the_timeout() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread drip = Thread.ofVirtual().start(() -> drip(server));
            String url = "git://127.0.0.1:" + server.getLocalPort() + "/confs.git";

            RepositoryStatus status = once(repository(url, true), Duration.ofSeconds(1));

            assertThat(status.error()).contains("not finished after 1 s").contains("timeout");
            drip.interrupt();
        }
    }

    private static void drip(ServerSocket server) {
        try (Socket socket = server.accept()) {
            socket.getOutputStream()
                    .write("0ff0".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            while (true) {
                socket.getOutputStream().write('a');
                socket.getOutputStream().flush();
                Thread.sleep(50);
            }
        } catch (IOException | InterruptedException e) {
            // the client has hung up
        }
    }

    @Test
    void a_connection_that_is_cut_while_cloning_leaves_nothing_in_place_and_the_next_try_works()
            throws Exception {
        origin.write("python.d/big.bin", "x1y2".repeat(20_000)).push("bigger");
        try (GitHttpServer server = new GitHttpServer(origin.served(), "", null)) {
            Repository settings = repository("http://" + server.host() + "/confs.git", true);
            server.cutAfter(100);
            RepositoryStatus status = once(settings, LONG);
            assertThat(status.state()).isEqualTo(State.FAILING);
            assertThat(status.applied()).isEmpty();
            assertThat(gitrepos.resolve("confs")).doesNotExist();

            server.cutAfter(Integer.MAX_VALUE);
            assertThat(once(settings, LONG).state()).isEqualTo(State.OK);
            assertThat(conf()).hasContent("one");
        }
    }

    @Test
    void a_connection_that_is_cut_while_fetching_leaves_what_is_there() throws Exception {
        try (GitHttpServer server = new GitHttpServer(origin.served(), "", null)) {
            Repository settings = repository("http://" + server.host() + "/confs.git", true);
            RepositorySync sync = sync(settings);
            sync.sync(settings, LONG, 1 << 20);
            origin.write("conf.d/a.conf", "two").push("second");
            server.cutAfter(60);
            assertThat(sync.sync(settings, LONG, 1 << 20)).isFalse();
            assertThat(sync.status().state()).isEqualTo(State.FAILING);
            assertThat(conf()).hasContent("one");

            server.cutAfter(Integer.MAX_VALUE);
            assertThat(sync.sync(settings, LONG, 1 << 20)).isTrue();
            assertThat(conf()).hasContent("two");
        }
    }

    @Test
    void a_certificate_that_nobody_vouches_for_is_refused_unless_the_check_is_switched_off()
            throws Exception {
        try (GitHttpServer server = new GitHttpServer(origin.served(), "ann:s3cret", tls())) {
            String url = "https://ann:s3cret@" + server.host() + "/confs.git";

            RepositoryStatus refused = once(repository(url, true), LONG);
            assertThat(refused.state()).isEqualTo(State.FAILING);
            assertThat(refused.error()).contains("certi").doesNotContain("s3cret");
            assertThat(server.requests()).as("no password was sent").isEmpty();
            assertThat(conf()).doesNotExist();

            assertThat(once(repository(url, false), LONG).error()).isEmpty();
            assertThat(conf()).hasContent("one");

            assertThat(once(repository(url, true), LONG).state())
                    .as("the check is on again")
                    .isEqualTo(State.FAILING);
        }
    }

    private SSLContext tls() throws Exception {
        Path store = folder.resolve("keys");
        Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-alias",
                                "a",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=127.0.0.1",
                                "-ext",
                                "san=ip:127.0.0.1",
                                "-storepass",
                                "changeit",
                                "-keystore",
                                store.toString())
                        .redirectErrorStream(true)
                        .start();
        keytool.getInputStream().readAllBytes();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, "changeit".toCharArray());
        }
        KeyManagerFactory managers =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, "changeit".toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    @Test
    void ten_thousand_files_come_along() throws Exception {
        for (int i = 0; i < 10_000; i++) {
            origin.write("data/" + i % 100 + "/" + i + ".txt", "number " + i);
        }
        origin.push("many");
        try (GitHttpServer server = new GitHttpServer(origin.served(), "", null)) {
            Repository settings = repository("http://" + server.host() + "/confs.git", true);
            RepositorySync sync = sync(settings);

            assertThat(sync.sync(settings, LONG, 1 << 20)).isTrue();

            assertThat(gitrepos.resolve("confs/data/99/9999.txt")).hasContent("number 9999");
            assertThat(sync.sync(settings, LONG, 1 << 20)).as("nothing new").isFalse();
        }
    }
}
