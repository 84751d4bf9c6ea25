package io.trapline.ingest.datakit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.pipeline.GlobalTags.Changes;
import io.trapline.pipeline.GlobalTags.Layer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
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
    void a_broken_file_is_named() throws IOException {
        Path file = folder.resolve("global-tags.toml");
        Files.writeString(file, "[host\n");
        assertThatThrownBy(() -> new FileGlobalTagsStore(file).load())
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
    }
}
