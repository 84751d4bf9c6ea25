package io.trapline.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFoldersTest {
    private static final int NOBODY = 65534;

    @TempDir Path home;
    private Path data;
    private Path logs;

    @BeforeEach
    void make() throws IOException {
        data = Files.createDirectories(home.resolve("data"));
        logs = Files.createDirectories(home.resolve("logs"));
        Files.writeString(data.resolve("admin.token"), "x");
        Files.writeString(data.resolve("store.duckdb"), "x");
        Files.createDirectories(data.resolve("python/graalpy"));
        Files.writeString(logs.resolve("in.log"), "x");
        for (Path folder : List.of(data, logs, data.resolve("python"))) {
            mode(folder, "rwxr-xr-x");
        }
        mode(data.resolve("store.duckdb"), "rw-r--r--");
        mode(logs.resolve("in.log"), "rw-r--r--");
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private void enter() throws IOException {
        PrivateFolders.enter(List.of(data, home.resolve("missing")), List.of(logs));
    }

    @Test
    void what_others_can_read_is_closed_to_them() throws IOException {
        enter();
        assertThat(mode(data)).isEqualTo("rwx------");
        assertThat(mode(logs)).isEqualTo("rwx------");
        assertThat(mode(data.resolve("python"))).isEqualTo("rwx------");
        assertThat(mode(data.resolve("store.duckdb"))).isEqualTo("rw-------");
        assertThat(mode(logs.resolve("in.log"))).isEqualTo("rw-------");
    }

    @Test
    void what_others_can_write_is_refused_all_at_once_and_nothing_is_changed() throws IOException {
        mode(data.resolve("admin.token"), "rw-rw-rw-");
        mode(logs, "rwxrwxrwx");
        mode(logs.resolve("in.log"), "rw-rw-rw-");
        mode(data.resolve("python/graalpy"), "rwxrwxrwx");
        assertThatThrownBy(this::enter)
                .isInstanceOf(UnsafeFilesException.class)
                .hasMessageContaining("chmod go-w '" + data.resolve("admin.token") + "'")
                .hasMessageContaining("chmod go-w '" + logs + "'")
                .hasMessageContaining("chmod go-w '" + logs.resolve("in.log") + "'")
                .hasMessageContaining("chmod go-w '" + data.resolve("python/graalpy") + "'");
        assertThat(mode(data)).isEqualTo("rwxr-xr-x");
    }

    @Test
    void what_scripts_left_in_a_closed_log_folder_is_theirs_to_decide() throws IOException {
        mode(logs, "rwx------");
        mode(logs.resolve("in.log"), "rw-rw-rw-");
        enter();
        mode(data, "rwx------");
        mode(data.resolve("admin.token"), "rw-rw-rw-");
        assertThatThrownBy(this::enter).hasMessageContaining("admin.token");
    }

    @Test
    void what_belongs_to_another_is_refused_a_link_too() throws IOException {
        assumeTrue(Stat.isRoot(), "only root can give files away");
        Path token = data.resolve("admin.token");
        Files.setAttribute(token, "unix:uid", NOBODY);
        Path link = Files.createSymbolicLink(logs.resolve("out.log"), Path.of("/etc/passwd"));
        Files.setAttribute(link, "unix:uid", NOBODY, LinkOption.NOFOLLOW_LINKS);
        assertThatThrownBy(this::enter)
                .hasMessageContaining(token + " belongs to another user (owner nobody")
                .hasMessageContaining("chown root '" + token + "'")
                .hasMessageContaining("chown -h root '" + link + "'");
        Files.setAttribute(token, "unix:uid", 0);
        Files.delete(link);
        Files.setAttribute(data, "unix:uid", NOBODY);
        assertThatThrownBy(this::enter).hasMessageContaining("chown -hR root '" + data + "'");
    }

    @Test
    void root_refuses_a_folder_that_others_can_put_another_in_place_of() throws IOException {
        assumeTrue(Stat.isRoot(), "only root is particular about the way");
        mode(home, "rwxrwxrwx");
        assertThatThrownBy(this::enter).hasMessageContaining("chmod go-w '" + home + "'");
    }

    @Test
    void a_folder_is_made_for_this_user_alone() throws IOException {
        PrivateFolders.make(data.resolve("native"));
        assertThat(mode(data.resolve("native"))).isEqualTo("rwx------");
        mode(data.resolve("native"), "rwxr-xr-x");
        PrivateFolders.make(data.resolve("native"));
        assertThat(mode(data.resolve("native"))).isEqualTo("rwx------");
        mode(data.resolve("native"), "rwxrwxrwx");
        assertThatThrownBy(() -> PrivateFolders.make(data.resolve("native")))
                .hasMessageContaining("chmod go-w");
    }
}
