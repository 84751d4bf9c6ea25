package io.trapline.bridge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.config.OutsideJson;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Asks a Python of the host whether scripts compile; nothing of them is run.
public final class ScriptSyntax {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final ObjectMapper JSON = new ObjectMapper(OutsideJson.factory());

    private final Path frameworkDir;

    public ScriptSyntax(Path frameworkDir) {
        this.frameworkDir = frameworkDir;
    }

    /// @param line from 1, 0 when it is not known
    /// @param version of the Python that says so, as `3.11`
    public record Mistake(Path file, int line, String message, String version) {}

    /// @param python whom to ask
    /// @return empty, too, when `python` gives no answer
    public List<Mistake> mistakes(Path python, List<Path> files) {
        ProcessBuilder builder =
                new ProcessBuilder(
                                python.toString(),
                                "-I", // nothing of the environment, of the user, of site-packages
                                "-S",
                                frameworkDir.resolve("trapline_syntax.py").toString())
                        .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        Process process;
        try {
            process = builder.start();
        } catch (IOException _) {
            return List.of();
        }
        try (OutputStream in = process.getOutputStream()) {
            in.write(JSON.writeValueAsBytes(files.stream().map(Path::toString).toList()));
        } catch (IOException _) {
            // It is no Python that reads them, and what it says is no answer.
        }
        CompletableFuture.delayedExecutor(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .execute(process::destroyForcibly);
        try {
            List<Mistake> mistakes = new ArrayList<>();
            for (String line :
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .toList()) {
                mistake(line).ifPresent(mistakes::add);
            }
            return mistakes;
        } catch (IOException _) {
            return List.of();
        } finally {
            process.destroyForcibly();
        }
    }

    private static Optional<Mistake> mistake(String line) {
        try {
            JsonNode node = JSON.readTree(line);
            return node.isArray() && node.size() == 4
                    ? Optional.of(
                            new Mistake(
                                    Path.of(node.get(0).asText()),
                                    node.get(1).asInt(),
                                    node.get(2).asText(),
                                    node.get(3).asText()))
                    : Optional.empty();
        } catch (JsonProcessingException _) {
            return Optional.empty();
        }
    }
}
