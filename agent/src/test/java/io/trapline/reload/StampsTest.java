package io.trapline.reload;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StampsTest {
    @TempDir Path root;

    @Test
    void only_configuration_and_python_files_count() throws Exception {
        Files.createDirectories(root.resolve("a/__pycache__"));
        Files.createDirectories(root.resolve(".git"));
        Files.writeString(root.resolve("a/x.py"), "1");
        Files.writeString(root.resolve("a/y.conf"), "1");
        Files.writeString(root.resolve("a/state.db"), "1");
        Files.writeString(root.resolve("a/__pycache__/x.py"), "1");
        Files.writeString(root.resolve(".git/z.conf"), "1");

        Stamps stamps = Stamps.of(List.of(root, root.resolve("missing")));

        assertThat(stamps.files())
                .containsOnlyKeys(root.resolve("a/x.py"), root.resolve("a/y.conf"));
        assertThat(stamps.folders()).containsOnlyKeys(root, root.resolve("a"));
    }

    @Test
    void another_content_or_another_file_of_the_name_is_a_change() throws Exception {
        Path file = root.resolve("x.py");
        Files.writeString(file, "1");
        Stamps first = Stamps.of(List.of(root));
        Files.writeString(file, "12");
        Stamps longer = Stamps.of(List.of(root));
        Path other = Files.writeString(root.resolve("new"), "12");
        Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
        Files.move(other, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);

        assertThat(longer.files()).isNotEqualTo(first.files());
        assertThat(Stamps.of(List.of(root)).files()).isNotEqualTo(longer.files());
        assertThat(Stamps.of(List.of(root)).files()).isEqualTo(Stamps.of(List.of(root)).files());
    }
}
