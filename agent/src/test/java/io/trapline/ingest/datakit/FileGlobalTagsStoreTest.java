package io.trapline.ingest.datakit;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.pipeline.GlobalTags.Changes;
import io.trapline.pipeline.GlobalTags.Layer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileGlobalTagsStoreTest {
    @TempDir Path folder;

    @Test
    void what_was_saved_is_loaded_whatever_the_texts_hold() throws IOException {
        FileGlobalTagsStore store =
                new FileGlobalTagsStore(folder.resolve("data/global-tags.toml"));
        assertThat(store.load()).isEqualTo(Changes.NONE);
        Changes changes =
                new Changes(
                        new Layer(
                                Map.of("a.b", "x\"y\\z", "温度", "=", "e", ""), Set.of("gone \"1\"")),
                        new Layer(Map.of(), Set.of()));
        store.save(new Changes(Layer.NONE, new Layer(Map.of("old", "1"), Set.of())));
        store.save(changes);
        assertThat(store.load()).isEqualTo(changes);
    }

    @Test
    void a_broken_file_is_moved_aside_and_costs_its_own_tags_only() throws IOException {
        Path file = folder.resolve("global-tags.toml");
        FileGlobalTagsStore store = new FileGlobalTagsStore(file);
        Changes changes = new Changes(new Layer(Map.of("a", "1"), Set.of()), Layer.NONE);
        store.save(changes);
        String whole = Files.readString(file);
        for (String broken :
                List.of(
                        "[host\n",
                        "",
                        whole.substring(0, 40),
                        whole.substring(0, whole.indexOf("[election]")))) {
            Files.writeString(file, broken);
            assertThat(store.load()).isEqualTo(Changes.NONE);
            assertThat(file).doesNotExist();
        }
        try (Stream<Path> all = Files.list(folder)) {
            assertThat(all.filter(each -> each.toString().contains(".damaged-"))).hasSize(4);
        }
        store.save(changes);
        assertThat(store.load()).isEqualTo(changes);
        // As it was before it had a last line that says so.
        Files.writeString(file, "# Global tags\n[host]\n\"b\" = \"2\"\n");
        assertThat(store.load().host().set()).containsEntry("b", "2");
    }
}
