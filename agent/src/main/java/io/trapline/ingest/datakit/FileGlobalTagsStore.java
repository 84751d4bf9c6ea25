package io.trapline.ingest.datakit;

import io.trapline.pipeline.GlobalTags.Changes;
import io.trapline.pipeline.GlobalTags.Layer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlTable;

/// [GlobalTagsStore] as one TOML file, by convention `data/global-tags.toml`:
///
/// ```toml
/// host_removed = ["rack"]
/// election_removed = []
/// [host]
/// "dc" = "eu"
/// [election]
/// ```
public final class FileGlobalTagsStore implements GlobalTagsStore {
    private final Path file;

    public FileGlobalTagsStore(Path file) {
        this.file = file;
    }

    @Override
    public Changes load() throws IOException {
        if (!Files.exists(file)) {
            return Changes.NONE;
        }
        TomlParseResult toml = Toml.parse(file);
        if (toml.hasErrors()) {
            throw new IOException(
                    "global tags file "
                            + file
                            + " is no TOML ("
                            + toml.errors().getFirst()
                            + "); mend or delete it");
        }
        return new Changes(layer(toml, "host"), layer(toml, "election"));
    }

    private static Layer layer(TomlParseResult toml, String name) {
        Map<String, String> set = new LinkedHashMap<>();
        @Nullable TomlTable table = toml.getTable(List.of(name));
        if (table != null) {
            table.toMap().forEach((key, value) -> set.put(key, String.valueOf(value)));
        }
        Set<String> removed = new HashSet<>();
        @Nullable TomlArray keys = toml.getArray(List.of(name + "_removed"));
        if (keys != null) {
            keys.toList().forEach(key -> removed.add(String.valueOf(key)));
        }
        return new Layer(set, removed);
    }

    @Override
    public void save(Changes changes) throws IOException {
        String text =
                "# Global tags set over HTTP (/v1/global/host/tags, /v1/global/election/tags).\n"
                        + removed("host", changes.host())
                        + removed("election", changes.election())
                        + table("host", changes.host())
                        + table("election", changes.election());
        Files.createDirectories(file.toAbsolutePath().getParent());
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try (FileChannel channel =
                FileChannel.open(
                        fresh,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(
                fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String removed(String name, Layer layer) {
        List<String> keys =
                new TreeSet<>(layer.removed()).stream().map(FileGlobalTagsStore::quoted).toList();
        return name + "_removed = [" + String.join(", ", keys) + "]\n";
    }

    private static String table(String name, Layer layer) {
        StringBuilder text = new StringBuilder("[" + name + "]\n");
        new TreeMap<>(layer.set())
                .forEach((key, value) ->
                        text.append(quoted(key)).append(" = ").append(quoted(value)).append('\n'));
        return text.toString();
    }

    private static String quoted(String text) {
        return "\"" + Toml.tomlEscape(text) + "\"";
    }
}
