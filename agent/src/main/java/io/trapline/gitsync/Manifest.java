package io.trapline.gitsync;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a tree holds by its commit, as text: a line `commit <id>`, `branch <name>`, `time <ISO>`,
/// `subject <text>`, any number of `note <text>`, then one line `<blob id> <path>` a file, a link's
/// blob being its target. Names hold no line breaks: such commits are refused.
///
/// @param notes what people should know about the commit, such as submodules
/// @param files from path to blob id
record Manifest(Commit commit, String branch, List<String> notes, Map<String, String> files) {
    Manifest {
        notes = List.copyOf(notes);
        files = new LinkedHashMap<>(files);
    }

    void write(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("commit " + commit.id());
        lines.add("branch " + branch);
        lines.add("time " + commit.time());
        lines.add("subject " + commit.subject());
        notes.forEach(note -> lines.add("note " + note));
        files.forEach((path, blob) -> lines.add(blob + " " + path));
        Files.write(file, lines);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /// @throws IOException also when the file is cut off or something else
    static Manifest read(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        try {
            Commit commit =
                    new Commit(
                            value(lines.get(0), "commit"),
                            value(lines.get(3), "subject"),
                            Instant.parse(value(lines.get(2), "time")));
            List<String> notes = new ArrayList<>();
            Map<String, String> files = new LinkedHashMap<>();
            for (String line : lines.subList(4, lines.size())) {
                if (line.startsWith("note ")) {
                    notes.add(value(line, "note"));
                } else {
                    int space = line.indexOf(' ');
                    files.put(line.substring(space + 1), line.substring(0, space));
                }
            }
            return new Manifest(commit, value(lines.get(1), "branch"), notes, files);
        } catch (RuntimeException e) {
            throw new IOException(file + " is damaged: " + e.getMessage(), e);
        }
    }

    private static String value(String line, String key) {
        if (!line.startsWith(key + " ")) {
            throw new IllegalArgumentException("\"" + line + "\" where " + key + " should be");
        }
        return line.substring(key.length() + 1);
    }
}
