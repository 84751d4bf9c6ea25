package io.trapline.gitsync;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.config.OutsideJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What happened to one repository, a JSON object a line, the newest last. Lines beyond the last
/// thousand are dropped now and then.
final class History {
    private static final ObjectMapper JSON = OutsideJson.mapper();
    private static final int KEPT = 1000;

    private final Path file;

    History(Path file) {
        this.file = file;
    }

    void add(SyncEvent event) throws IOException {
        Files.createDirectories(file.getParent());
        Map<String, String> line =
                Map.of(
                        "time", event.time().toString(),
                        "repository", event.repository(),
                        "kind", event.kind(),
                        "commit", event.commit(),
                        "text", event.text());
        Files.writeString(
                file,
                JSON.writeValueAsString(line) + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
        List<String> lines = Files.readAllLines(file);
        if (lines.size() > 2 * KEPT) {
            Path shorter = file.resolveSibling("log.new");
            Files.write(shorter, lines.subList(lines.size() - KEPT, lines.size()));
            Files.move(shorter, file, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /// The newest first. A line that a kill has cut off is passed over.
    List<SyncEvent> read() throws IOException {
        List<SyncEvent> events = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file).reversed()) {
                try {
                    JsonNode event = JSON.readTree(line);
                    events.add(
                            new SyncEvent(
                                    Instant.parse(event.path("time").asText()),
                                    event.path("repository").asText(),
                                    event.path("kind").asText(),
                                    event.path("commit").asText(),
                                    event.path("text").asText()));
                } catch (JsonProcessingException | DateTimeException _) {
                    // Cut off by a kill.
                }
            }
        }
        return events;
    }
}
