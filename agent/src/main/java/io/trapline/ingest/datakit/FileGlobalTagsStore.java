package io.trapline.ingest.datakit;

import io.trapline.files.DamagedFiles;
import io.trapline.pipeline.GlobalTags.Changes;
import io.trapline.pipeline.GlobalTags.Layer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
    private static final Logger LOG = LoggerFactory.getLogger(FileGlobalTagsStore.class);
    private static final String MADE_HERE = "# Global";
    private static final String HEAD =
            "# Global tags set over HTTP (/v1/global/host/tags, /v1/global/election/tags); the last"
                    + " line is `# end`.\n";
    private static final String END = "# end\n";

    private final Path file;

    public FileGlobalTagsStore(Path file) {
        this.file = file;
    }

    /// A file that cannot be read is moved aside: the tags that were set over HTTP are gone with
    /// it, and nothing else.
    @Override
    public Changes load() throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return Changes.NONE;
        }
        String found;
        try {
            String text = Files.readString(file);
            TomlParseResult toml = Toml.parse(text);
            if (text.isBlank()) {
                found = "it is empty";
            } else if (toml.hasErrors()) {
                found = toml.errors().getFirst().toString();
            } else if (text.startsWith(MADE_HERE)
                    && (!text.contains("\n[host]\n")
                            || (text.contains(HEAD) && !text.endsWith(END)))) {
                found = "it ends before its last line";
            } else {
                return new Changes(layer(toml, "host"), layer(toml, "election"));
            }
        } catch (IOException e) {
            found = e.toString();
        }
        LOG.error(
                "{}, the global tags that were set over HTTP, cannot be read ({}); it was moved"
                        + " aside to {}. Tags of the configuration are in force, the others have to"
                        + " be set again",
                file,
                found,
                DamagedFiles.moveAside(file, InstantSource.system().instant()));
        return Changes.NONE;
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
                HEAD
                        + removed("host", changes.host())
                        + removed("election", changes.election())
                        + table("host", changes.host())
                        + table("election", changes.election())
                        + END;
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
