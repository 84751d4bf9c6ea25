package io.trapline.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.Home;
import io.trapline.HomeLock;
import io.trapline.config.FileFailure;
import io.trapline.net.Trust;
import io.trapline.web.AdminToken;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;

/// Asks the agent that runs on a home, over its listener.
final class AgentClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CONNECT_MS = 5_000;

    private final HomeLock.Holder agent;

    /// Where the admin token is.
    private final Home home;

    private AgentClient(HomeLock.Holder agent, Home home) {
        this.agent = agent;
        this.home = home;
    }

    /// The token when this user may read it, else empty. Reading does not need it, but who has it
    /// is answered also when all places for connections are taken.
    private String tokenIfReadable() {
        Path file = home.data().resolve("admin.token");
        try {
            // The number of an agent that died may be another user's process by now.
            boolean same =
                    Files.getOwner(Path.of("/proc/" + agent.pid())).equals(Files.getOwner(file));
            return same ? AdminToken.read(file) : "";
        } catch (IOException _) {
            return "";
        }
    }

    /// The home's running agent, once it serves.
    static Optional<AgentClient> of(Home home) throws IOException {
        return HomeLock.holder(home)
                .filter(holder -> !holder.address().isEmpty())
                // After a power cut another process may have the number of the agent that died.
                .filter(holder -> listens(holder) || !HomeLock.isFree(home))
                .map(holder -> new AgentClient(holder, home));
    }

    private static boolean listens(HomeLock.Holder holder) {
        URI address = URI.create(holder.address());
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), CONNECT_MS);
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    /// The same, for a command that cannot do without it.
    ///
    /// @param advice what to do when none runs
    static AgentClient running(Home home, String advice) throws CommandFailure, IOException {
        Optional<AgentClient> found = of(home);
        if (found.isEmpty()) {
            throw new CommandFailure(Cli.FAILED, "no agent runs on " + home.root() + "; " + advice);
        }
        return found.get();
    }

    /// The admin token, which the agent keeps for its own user.
    static String token(Home home) throws CommandFailure {
        Path file = home.data().resolve("admin.token");
        try {
            return AdminToken.read(file);
        } catch (IOException e) {
            throw new CommandFailure(
                    Cli.FAILED,
                    "this needs the admin token, which cannot be read: "
                            + (e instanceof FileSystemException failed
                                    ? FileFailure.text(failed)
                                    : file + ": " + FileFailure.reason(e)));
        }
    }

    /// A name as one segment of a path.
    static String segment(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /// `http://host:port` of its pages and its API.
    String address() {
        return agent.address();
    }

    long pid() {
        return agent.pid();
    }

    Answer get(String path) throws IOException {
        return call("GET", path, null, "");
    }

    Answer post(String path, String body) throws IOException {
        return call("POST", path, body, "");
    }

    /// @param body JSON, or null for none
    /// @param token the admin token, or empty
    Answer send(String method, String path, @Nullable String body, String token)
            throws IOException {
        return call(method, path, body, token);
    }

    private Answer call(String method, String path, @Nullable String body, String token)
            throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(agent.address() + path).toURL().openConnection();
        if (connection instanceof HttpsURLConnection secure) {
            // The agent itself has written down which certificate it has; names do not matter then.
            secure.setSSLSocketFactory(Trust.exactly(agent.certificate()).getSocketFactory());
            secure.setHostnameVerifier((_, _) -> !agent.certificate().isEmpty());
        }
        connection.setRequestMethod(method);
        connection.setConnectTimeout(CONNECT_MS);
        connection.setReadTimeout(60_000);
        String shown = token.isEmpty() ? tokenIfReadable() : token;
        if (!shown.isEmpty()) {
            connection.setRequestProperty("Authorization", "Bearer " + shown);
        }
        try {
            if (body != null) {
                connection.setDoOutput(true);
                connection.setRequestProperty("Content-Type", "text/plain; charset=utf-8");
                connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
            }
            int status = connection.getResponseCode();
            try (InputStream in =
                    status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                String text =
                        in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
                return new Answer(status, text);
            }
        } catch (IOException e) {
            throw new IOException(
                    "the agent (process "
                            + agent.pid()
                            + ") at "
                            + agent.address()
                            + " did not answer: "
                            + e.getMessage(),
                    e);
        } finally {
            connection.disconnect();
        }
    }

    record Answer(int status, String body) {
        /// The JSON of a request that was carried out.
        ///
        /// @throws CommandFailure with what the agent says of one that was not
        JsonNode json() throws CommandFailure, IOException {
            if (status != 200) {
                throw refusal();
            }
            return JSON.readTree(body);
        }

        /// What the agent says of a request that was not carried out.
        CommandFailure refusal() {
            String said = "the agent answered " + status;
            try {
                said = JSON.readTree(body).path("error").asText(said);
            } catch (JsonProcessingException _) {
                // A page for people says no more than the number.
            }
            return new CommandFailure(Cli.FAILED, said);
        }
    }
}
