package io.trapline.cli;

import io.trapline.Home;
import io.trapline.HomeLock;
import io.trapline.net.Trust;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;

/// Asks the agent that runs on a home, over its listener.
final class AgentClient {
    private final HomeLock.Holder agent;

    private AgentClient(HomeLock.Holder agent) {
        this.agent = agent;
    }

    /// The home's running agent, once it serves.
    static Optional<AgentClient> of(Home home) {
        return HomeLock.holder(home)
                .filter(holder -> !holder.address().isEmpty())
                .map(AgentClient::new);
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
        connection.setConnectTimeout(5_000);
        connection.setReadTimeout(60_000);
        if (!token.isEmpty()) {
            connection.setRequestProperty("Authorization", "Bearer " + token);
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

    record Answer(int status, String body) {}
}
