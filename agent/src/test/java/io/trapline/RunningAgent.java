package io.trapline;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.net.Trust;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The packaged program, started as a user would: `./trapline run --home DIR`.
final class RunningAgent implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// One for all: an agent that is killed must not take a test's client threads with it.
    private static final HttpClient HTTP =
            HttpClient.newBuilder().sslContext(Trust.everybody()).build();

    private final Path home;
    private final Process process;
    private final String address;

    private RunningAgent(Path home, Process process, String address) {
        this.home = home;
        this.process = process;
        this.address = address;
    }

    /// A home without inputs whose listener takes any free port.
    static Path home(Path folder) throws IOException {
        Files.createDirectories(folder.resolve("conf.d"));
        Files.createDirectories(folder.resolve("python.d"));
        Files.writeString(
                folder.resolve("conf.d/trapline.conf"),
                """
                [http]
                listen = "127.0.0.1:0"
                request_rate = 0
                [core]
                listen = "127.0.0.1:0"
                """);
        return folder;
    }

    /// Returns when the agent serves.
    static RunningAgent start(Path home) throws IOException {
        return start(home, Map.of(), new String[0]);
    }

    /// @param before the command that starts it: `nohup`
    static RunningAgent start(Path home, String... before) throws IOException {
        return start(home, Map.of(), before);
    }

    /// @param environment added to that of the tests
    static RunningAgent start(Path home, Map<String, String> environment, String... before)
            throws IOException {
        ProcessBuilder run = command(home, "run");
        run.command().addAll(0, List.of(before));
        run.redirectError(ProcessBuilder.Redirect.appendTo(home.resolve("stderr.txt").toFile()));
        run.environment().putAll(environment);
        Process process = run.start();
        // Left open: the agent's standard output lives as long as the agent.
        BufferedReader out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = out.readLine();
        if (line == null || !line.startsWith("ready ")) {
            process.destroyForcibly();
            throw new IOException(
                    "instead of `ready …` the agent said `"
                            + line
                            + "` and on standard error:\n"
                            + Files.readString(home.resolve("stderr.txt")));
        }
        return new RunningAgent(home, process, line.substring("ready ".length()));
    }

    /// Runs a command to its end.
    static Ended run(Path home, String... arguments) throws IOException, InterruptedException {
        Path err = Files.createTempFile("trapline", ".err");
        try {
            Process process = command(home, arguments).redirectError(err.toFile()).start();
            String out =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Ended(process.waitFor(), out, Files.readString(err));
        } finally {
            Files.delete(err);
        }
    }

    record Ended(int exitCode, String out, String err) {}

    private static ProcessBuilder command(Path home, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(StartCaches.launcher().toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--home", home.toString()));
        ProcessBuilder builder = new ProcessBuilder(command).directory(home.toFile());
        return builder;
    }

    String address() {
        return address;
    }

    /// Of the push and trap listener.
    String coreAddress() throws IOException, InterruptedException {
        return status().get("core").asText();
    }

    /// To any address of this machine.
    static HttpResponse<String> put(String url, String body)
            throws IOException, InterruptedException {
        return send(
                HttpRequest.newBuilder(URI.create(url))
                        .PUT(HttpRequest.BodyPublishers.ofString(body))
                        .build());
    }

    static HttpResponse<String> postTo(String url, String body)
            throws IOException, InterruptedException {
        return send(
                HttpRequest.newBuilder(URI.create(url))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build());
    }

    static HttpResponse<String> getFrom(String url) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(url)).build());
    }

    Path home() {
        return home;
    }

    long pid() {
        return process.pid();
    }

    HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return send(
                HttpRequest.newBuilder(URI.create(address + path))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build());
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return getFrom(address + path);
    }

    /// With the admin token.
    HttpResponse<String> reload() throws IOException, InterruptedException {
        String token = Files.readString(home.resolve("data/admin.token")).strip();
        return send(
                HttpRequest.newBuilder(URI.create(address + "/api/reload"))
                        .header("Authorization", "Bearer " + token)
                        .POST(HttpRequest.BodyPublishers.noBody())
                        .build());
    }

    private static HttpResponse<String> send(HttpRequest request)
            throws IOException, InterruptedException {
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /// The rows of a query, as JSON arrays.
    JsonNode query(String sql) throws IOException, InterruptedException {
        HttpResponse<String> answer = post("/api/query", sql);
        if (answer.statusCode() != 200) {
            throw new IOException(sql + ": " + answer.statusCode() + " " + answer.body());
        }
        return JSON.readTree(answer.body()).get("rows");
    }

    /// The single value of a query.
    long count(String sql) throws IOException, InterruptedException {
        return query(sql).get(0).get(0).asLong();
    }

    JsonNode status() throws IOException, InterruptedException {
        return JSON.readTree(get("/api/status").body());
    }

    /// `kill -9`; returns when the process is gone.
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /// SIGTERM; the exit code, or null when it did not end in time.
    @Nullable Integer stop() throws InterruptedException {
        process.destroy();
        return process.waitFor(15, TimeUnit.SECONDS) ? process.exitValue() : null;
    }

    @Override
    public void close() {
        try {
            if (stop() == null) {
                kill();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
