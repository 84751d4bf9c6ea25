package io.trapline.gitsync;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.gitsync.GitSettings.Repository;
import io.trapline.gitsync.RepositoryStatus.State;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a checkout does about its server's doings, over smart HTTP.
class RepositorySyncTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final long MAX_FILE = 1 << 20;

    @TempDir Path folder;
    private Path gitrepos;
    private Origin origin;
    private GitHttpServer server;
    private Repository settings;
    private RepositorySync sync;

    @BeforeEach
    void start() throws IOException {
        gitrepos = Files.createDirectories(folder.resolve("gitrepos"));
        origin = new Origin(folder);
        origin.write("conf.d/a.conf", "one").write("python.d/a/a.py", "1").push("first");
        server = new GitHttpServer(origin.served(), "ann:s3cret/pass", null);
        settings = repository("http://ann:s3cret%2Fpass@" + server.host() + "/confs.git", "master");
        sync = fresh();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static Repository repository(String url, String branch) {
        return new Repository(true, url, branch, "", "", true);
    }

    /// As after a restart of the agent. A conf that says `bad` does not pass.
    private RepositorySync fresh() {
        return new RepositorySync(
                gitrepos,
                settings,
                new SshFiles(folder, folder.resolve("known_hosts")),
                (_, tree) -> check(tree),
                InstantSource.system());
    }

    private static List<String> check(Path tree) {
        try {
            Path conf = tree.resolve("conf.d/a.conf");
            return Files.exists(conf) && Files.readString(conf).contains("bad")
                    ? List.of("conf.d/a.conf:1: bad")
                    : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean sync() throws InterruptedException {
        return sync.sync(settings, LONG, MAX_FILE);
    }

    private String inPlace(String file) throws IOException {
        return Files.readString(gitrepos.resolve("confs").resolve(file));
    }

    private String applied() {
        return sync.status().applied().map(Commit::id).orElse("none");
    }

    @Test
    void a_first_sync_puts_the_branch_in_place() throws Exception {
        assertThat(sync.status().state()).isEqualTo(State.STARTING);

        assertThat(sync()).isTrue();

        assertThat(sync.status().error()).isEmpty();
        assertThat(sync.status().state()).isEqualTo(State.OK);
        assertThat(inPlace("conf.d/a.conf")).isEqualTo("one");
        assertThat(inPlace("python.d/a/a.py")).isEqualTo("1");
        assertThat(sync.status().applied()).map(Commit::subject).contains("first");
    }

    /// A working copy, so a `.git` below the folder, as its path and as an address.
    @Test
    void a_repository_of_this_host_is_put_in_place_and_none_of_its_hooks_run() throws Exception {
        Path trace = folder.resolve("hook-ran");
        for (String hook :
                List.of(
                        "post-upload-pack",
                        "pre-upload",
                        "post-checkout",
                        "reference-transaction")) {
            Path file = origin.bare().resolve("hooks").resolve(hook);
            Files.createDirectories(file.getParent());
            Files.writeString(file, "#!/bin/sh\necho x >'" + trace + "'\n");
            assertThat(file.toFile().setExecutable(true)).isTrue();
        }
        origin.git(
                "config",
                "--file",
                origin.bare().resolve("config").toString(),
                "uploadpack.packObjectsHook",
                "touch " + trace);
        for (String url :
                List.of(
                        origin.bare().toString(),
                        "file://" + origin.bare(),
                        origin.work().toString())) {
            settings = repository(url, "master");
            gitrepos = Files.createDirectories(folder.resolve("r" + url.length()));
            sync = fresh();

            assertThat(sync()).as(sync.status().error()).isTrue();

            assertThat(
                            Files.readString(
                                    gitrepos.resolve(settings.directory())
                                            .resolve("conf.d/a.conf")))
                    .isEqualTo("one");
        }
        assertThat(trace).doesNotExist();
    }

    @Test
    void a_repository_of_this_host_that_others_can_write_or_that_is_not_there_is_not_used()
            throws Exception {
        settings = repository(origin.bare().toString(), "master");
        sync = fresh();
        Files.setPosixFilePermissions(origin.bare(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(sync()).isFalse();
        assertThat(sync.status().error())
                .contains("others can write " + origin.bare().toRealPath())
                .contains("chmod go-w");

        Files.setPosixFilePermissions(origin.bare(), PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(
                origin.served(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(sync()).isFalse();
        assertThat(sync.status().error())
                .contains("others can write " + origin.served().toRealPath());

        Files.setPosixFilePermissions(
                origin.served(), PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(sync()).as(sync.status().error()).isTrue();

        settings = repository(folder.resolve("nowhere.git").toString(), "master");
        sync = fresh();
        assertThat(sync()).isFalse();
        assertThat(sync.status().error()).contains("nowhere.git: there is no such file or folder");
    }

    @Test
    void the_repository_that_is_looked_at_is_the_one_that_is_read() throws Exception {
        // The kernel goes back from where the link leads, a reader of the text from the link.
        Path other = Files.createDirectories(folder.resolve("other/deep"));
        Files.createSymbolicLink(folder.resolve("link"), other);
        Path decoy = Files.createDirectories(folder.resolve("other/served"));
        settings = repository(folder + "/link/../served", "master");
        sync = fresh();
        assertThat(sync()).isFalse();
        Files.setPosixFilePermissions(decoy, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(sync()).isFalse();
        assertThat(sync.status().error()).contains("others can write " + decoy.toRealPath());
    }

    @Test
    void whatever_says_which_commit_is_taken_is_looked_at() throws Exception {
        settings = repository(origin.bare().toString(), "master");
        sync = fresh();
        Path reftable = Files.createDirectories(origin.bare().resolve("reftable"));
        Files.setPosixFilePermissions(reftable, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(sync()).isFalse();
        assertThat(sync.status().error()).contains("others can write " + reftable.toRealPath());
    }

    @Test
    void all_that_others_can_write_of_a_repository_is_told_at_once_with_one_cure()
            throws Exception {
        settings = repository(origin.bare().toString(), "master");
        sync = fresh();
        try (var all = Files.walk(origin.bare())) {
            for (Path each : all.filter(file -> !file.toString().contains("objects/")).toList()) {
                Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxrwxrwx"));
            }
        }
        assertThat(sync()).isFalse();
        String error = sync.status().error();
        assertThat(error)
                .contains("named by ssh:// or https:// instead", "look at what is in it first")
                .endsWith("; run chmod -R go-w '" + origin.bare().toRealPath() + "'");
        String cure = error.substring(error.indexOf("; run ") + "; run ".length());
        assertThat(new ProcessBuilder("sh", "-c", cure).start().waitFor()).isZero();
        assertThat(sync()).as(sync.status().error()).isTrue();
    }

    @Test
    void no_new_commit_changes_nothing_and_fetches_nothing() throws Exception {
        sync();
        Path before = gitrepos.resolve("confs").toRealPath();
        server.requests().clear();

        assertThat(sync()).isFalse();

        assertThat(gitrepos.resolve("confs").toRealPath()).isEqualTo(before);
        assertThat(server.requests()).noneMatch(line -> line.contains("bundle"));
    }

    @Test
    void a_new_commit_takes_the_old_ones_place_and_its_deleted_files_go() throws Exception {
        sync();
        Files.delete(origin.work().resolve("python.d/a/a.py"));
        origin.write("conf.d/a.conf", "two").push("second");

        assertThat(sync()).isTrue();

        assertThat(inPlace("conf.d/a.conf")).isEqualTo("two");
        assertThat(gitrepos.resolve("confs/python.d/a/a.py")).doesNotExist();
    }

    @Test
    void a_force_pushed_branch_is_followed() throws Exception {
        origin.write("conf.d/a.conf", "two").push("second");
        sync();
        origin.git("reset", "-q", "--hard", "HEAD~1");
        String other = origin.write("conf.d/a.conf", "other history").push("third");

        assertThat(sync()).isTrue();

        assertThat(inPlace("conf.d/a.conf")).isEqualTo("other history");
        assertThat(applied()).isEqualTo(other);
    }

    @Test
    void another_branch_with_another_history_is_followed() throws Exception {
        sync();
        origin.git("checkout", "-q", "--orphan", "stage");
        origin.write("conf.d/a.conf", "stage").push("an orphan");
        settings = repository(settings.url(), "stage");

        assertThat(sync()).isTrue();

        assertThat(inPlace("conf.d/a.conf")).isEqualTo("stage");
        assertThat(sync.status().branch()).isEqualTo("stage");
    }

    @Test
    void another_server_is_followed() throws Exception {
        sync();
        Origin moved = new Origin(folder.resolve("moved"));
        moved.write("conf.d/a.conf", "moved").push("elsewhere");
        try (GitHttpServer second = new GitHttpServer(moved.served(), "", null)) {
            settings = repository("http://" + second.host() + "/confs", "master");

            assertThat(sync()).isTrue();
        }
        assertThat(inPlace("conf.d/a.conf")).isEqualTo("moved");
    }

    @Test
    void a_deleted_branch_leaves_the_last_good_state() throws Exception {
        sync();
        Origin.git(origin.bare(), "update-ref", "-d", "refs/heads/master");

        assertThat(sync()).isFalse();

        assertThat(sync.status().state()).isEqualTo(State.FAILING);
        assertThat(sync.status().error()).contains("no branch \"master\"");
        assertThat(inPlace("conf.d/a.conf")).isEqualTo("one");
        origin.write("conf.d/a.conf", "back").push("back again");
        assertThat(sync()).isTrue();
        assertThat(sync.status().state()).isEqualTo(State.OK);
    }

    @Test
    void a_server_that_is_gone_leaves_the_last_good_state_also_after_a_restart() throws Exception {
        sync();
        String commit = applied();
        server.close();

        assertThat(sync()).isFalse();
        assertThat(sync.status().state()).isEqualTo(State.FAILING);

        sync = fresh();
        assertThat(applied()).isEqualTo(commit);
        assertThat(inPlace("conf.d/a.conf")).isEqualTo("one");
    }

    @Test
    void local_edits_give_way_even_without_a_new_commit() throws Exception {
        sync();
        Path file = gitrepos.resolve("confs/conf.d/a.conf");
        Files.writeString(file, "edited here");
        Files.delete(gitrepos.resolve("confs/python.d/a/a.py"));

        assertThat(sync()).isTrue();

        assertThat(inPlace("conf.d/a.conf")).isEqualTo("one");
        assertThat(inPlace("python.d/a/a.py")).isEqualTo("1");
        assertThat(sync()).isFalse();
    }

    @Test
    void local_edits_give_way_to_a_new_commit() throws Exception {
        sync();
        Files.writeString(gitrepos.resolve("confs/conf.d/a.conf"), "edited here");
        origin.write("conf.d/a.conf", "two").push("second");

        assertThat(sync()).isTrue();

        assertThat(inPlace("conf.d/a.conf")).isEqualTo("two");
    }

    @Test
    void files_that_scripts_write_stay_and_go_on_being_written() throws Exception {
        sync();
        Path state = gitrepos.resolve("confs/python.d/a/state.db");
        Path log = gitrepos.resolve("confs/python.d/a/deep/er/run.log");
        Files.writeString(state, "1");
        Files.createDirectories(log.getParent());
        Files.createDirectories(gitrepos.resolve("confs/python.d/a/__pycache__"));
        Files.writeString(gitrepos.resolve("confs/python.d/a/__pycache__/a.pyc"), "old");
        try (var open = Files.newBufferedWriter(log)) {
            open.write("before ");
            open.flush();
            origin.write("conf.d/a.conf", "two").push("second");

            assertThat(sync()).isTrue();

            open.write("after");
        }
        assertThat(inPlace("python.d/a/state.db")).isEqualTo("1");
        assertThat(inPlace("python.d/a/deep/er/run.log")).isEqualTo("before after");
        assertThat(gitrepos.resolve("confs/python.d/a/__pycache__")).doesNotExist();
    }

    @Test
    void a_commits_file_wins_over_an_untracked_one_of_its_name() throws Exception {
        sync();
        Files.writeString(gitrepos.resolve("confs/python.d/a/b.py"), "local");
        Files.writeString(gitrepos.resolve("confs/c"), "a file where a folder comes");
        origin.write("python.d/a/b.py", "committed").write("c/d", "d").push("second");

        assertThat(sync()).isTrue();

        assertThat(inPlace("python.d/a/b.py")).isEqualTo("committed");
        assertThat(inPlace("c/d")).isEqualTo("d");
    }

    @Test
    void a_commit_that_does_not_pass_is_refused_and_named() throws Exception {
        sync();
        String good = applied();
        String bad = origin.write("conf.d/a.conf", "bad").push("breaks it");

        assertThat(sync()).isFalse();
        assertThat(sync()).isFalse();

        RepositoryStatus status = sync.status();
        assertThat(status.state()).isEqualTo(State.REFUSED);
        assertThat(status.refused()).map(Commit::id).contains(bad);
        assertThat(status.refused()).map(Commit::subject).contains("breaks it");
        assertThat(status.reasons()).containsExactly("conf.d/a.conf:1: bad");
        assertThat(status.applied()).map(Commit::id).contains(good);
        assertThat(inPlace("conf.d/a.conf")).isEqualTo("one");
        assertThat(new History(gitrepos.resolve(".store/confs/log.jsonl")).read())
                .extracting(SyncEvent::kind)
                .containsExactly("refused", "applied");

        origin.write("conf.d/a.conf", "mended").push("mends it");
        assertThat(sync()).isTrue();
        assertThat(sync.status().refused()).isEmpty();
        assertThat(inPlace("conf.d/a.conf")).isEqualTo("mended");
    }

    @Test
    void a_branch_that_goes_back_to_the_good_commit_is_no_longer_refused() throws Exception {
        sync();
        origin.write("conf.d/a.conf", "bad").push("breaks it");
        sync();
        origin.git("reset", "-q", "--hard", "HEAD~1");
        origin.git("push", "-q", "-f", "origin", "HEAD");

        assertThat(sync()).isFalse();

        assertThat(sync.status().state()).isEqualTo(State.OK);
        assertThat(sync.status().refused()).isEmpty();
    }

    @Test
    void links_that_leave_the_repository_are_refused_by_name() throws Exception {
        sync();
        Files.createSymbolicLink(origin.work().resolve("out"), Path.of("/etc/passwd"));
        Files.createDirectories(origin.work().resolve("d/e"));
        Files.createSymbolicLink(origin.work().resolve("d/up"), Path.of("../../../.."));
        Files.createSymbolicLink(origin.work().resolve("d/in"), Path.of("../conf.d"));
        origin.push("links");

        assertThat(sync()).isFalse();

        assertThat(sync.status().reasons())
                .hasSize(2)
                .anyMatch(line -> line.contains("link out ") && line.contains("/etc/passwd"))
                .anyMatch(line -> line.contains("link d/up "));
        assertThat(Files.exists(gitrepos.resolve("confs/d"), LinkOption.NOFOLLOW_LINKS)).isFalse();
    }

    @Test
    void links_within_the_repository_work() throws Exception {
        Files.createSymbolicLink(origin.work().resolve("python.d/b"), Path.of("a"));
        Files.createSymbolicLink(origin.work().resolve("nothing"), Path.of("conf.d/none"));
        origin.push("links");

        assertThat(sync()).isTrue();

        assertThat(inPlace("python.d/b/a.py")).isEqualTo("1");
        assertThat(sync.status().notes()).singleElement().asString().contains("link nothing");
        assertThat(sync()).isFalse();
    }

    @Test
    void files_over_the_limit_are_refused_by_name() throws Exception {
        sync();
        origin.write("python.d/big.bin", "x".repeat((int) MAX_FILE + 1)).push("big");

        assertThat(sync()).isFalse();

        assertThat(sync.status().reasons())
                .singleElement()
                .asString()
                .contains("python.d/big.bin has 1048577 bytes")
                .contains("max_file");
    }

    @Test
    void names_that_leave_the_folder_are_refused() throws Exception {
        sync();
        String blob = origin.git("hash-object", "-w", "conf.d/a.conf");
        Path tree = folder.resolve("tree");
        Files.write(tree, entry("..", blob));
        String inner =
                origin.git("hash-object", "-t", "tree", "-w", "--literally", tree.toString());
        String commit = origin.git("commit-tree", inner, "-m", "evil");
        origin.git("push", "-q", "-f", "origin", commit + ":refs/heads/master");

        assertThat(sync()).isFalse();

        assertThat(sync.status().reasons()).singleElement().asString().contains("\"..\"");
        assertThat(inPlace("conf.d/a.conf")).isEqualTo("one");
    }

    private static byte[] entry(String name, String blob) throws IOException {
        var out = new java.io.ByteArrayOutputStream();
        out.write(("100644 " + name + "\0").getBytes(java.nio.charset.StandardCharsets.UTF_8));
        out.write(java.util.HexFormat.of().parseHex(blob));
        return out.toByteArray();
    }

    @Test
    void submodules_and_lfs_pointers_are_named_and_not_followed() throws Exception {
        origin.write(
                "data.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
        origin.git("add", "-A");
        String some = origin.git("rev-parse", "HEAD");
        origin.git("update-index", "--add", "--cacheinfo", "160000," + some + ",lib/sub");
        origin.git("commit", "-q", "-m", "both");
        origin.git("push", "-q", "origin", "HEAD");

        assertThat(sync()).isTrue();

        assertThat(sync.status().notes())
                .anyMatch(note -> note.contains("lib/sub is a submodule"))
                .anyMatch(note -> note.contains("data.bin is kept in Git LFS"));
    }

    @Test
    void a_damaged_or_cut_off_store_is_fetched_anew() throws Exception {
        sync();
        Path objects = gitrepos.resolve(".store/confs/objects.git");
        try (Stream<Path> all = Files.walk(objects)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Files.write(file, new byte[] {1, 2, 3});
            }
        }
        Files.writeString(objects.resolve("shallow.lock"), "");
        Files.createDirectories(gitrepos.resolve(".store/confs/trees/9-cutoff/conf.d"));
        origin.write("conf.d/a.conf", "two").push("second");
        sync = fresh();

        for (int round = 0; round < 3 && !inPlace("conf.d/a.conf").equals("two"); round++) {
            sync();
        }

        assertThat(sync.status().error()).isEmpty();
        assertThat(inPlace("conf.d/a.conf")).isEqualTo("two");
        assertThat(gitrepos.resolve(".store/confs/trees/9-cutoff")).doesNotExist();
    }

    @Test
    void a_clone_that_another_program_made_is_taken_over() throws Exception {
        Path clone = gitrepos.resolve("confs");
        Origin.git(gitrepos, "clone", "-q", origin.bare().toString(), "confs");
        Files.writeString(clone.resolve("state"), "kept");
        Files.delete(origin.work().resolve("python.d/a/a.py"));
        origin.write("conf.d/a.conf", "two").push("second");

        assertThat(sync()).isTrue();

        assertThat(inPlace("conf.d/a.conf")).isEqualTo("two");
        assertThat(inPlace("state")).isEqualTo("kept");
        assertThat(clone.resolve("python.d/a/a.py")).doesNotExist();
    }

    @Test
    void a_wrong_password_shows_nowhere() throws Exception {
        settings = repository("http://ann:wr0ng-one@" + server.host() + "/confs.git", "master");
        sync = fresh();

        assertThat(sync()).isFalse();

        assertThat(sync.status().state()).isEqualTo(State.FAILING);
        assertThat(sync.status().error()).contains("not authorized");
        assertThat(sync.status().toString()).doesNotContain("wr0ng").doesNotContain("ann:");
        try (Stream<Path> all = Files.walk(gitrepos)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain("wr0ng");
            }
        }
    }

    @Test
    void a_server_that_never_answers_is_given_up_after_the_timeout() throws Exception {
        sync();
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            settings =
                    repository(
                            "http://127.0.0.1:" + silent.getLocalPort() + "/confs.git", "master");

            assertThat(sync.sync(settings, Duration.ofSeconds(1), MAX_FILE)).isFalse();
        }
        assertThat(sync.status().state()).isEqualTo(State.FAILING);
        assertThat(inPlace("conf.d/a.conf")).isEqualTo("one");
    }

    @Test
    void old_trees_are_deleted() throws Exception {
        sync();
        for (int i = 0; i < 4; i++) {
            origin.write("conf.d/a.conf", "number " + i).push("again");
            assertThat(sync()).isTrue();
        }
        try (Stream<Path> trees = Files.list(gitrepos.resolve(".store/confs/trees"))) {
            assertThat(trees.filter(Files::isDirectory)).hasSize(2);
        }
    }
}
