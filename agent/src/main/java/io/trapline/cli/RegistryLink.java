package io.trapline.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.Home;
import io.trapline.HomeLock;
import io.trapline.Settings;
import io.trapline.config.HostPort;
import io.trapline.config.ProblemReport;
import io.trapline.ingest.CoreSettings;
import io.trapline.net.ListenSettings;
import io.trapline.registry.Registry;
import io.trapline.registry.RegistryException;
import io.trapline.web.RegistryCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The registry of a home: the running agent's, asked over HTTP, or when none runs its database,
/// opened here under the home's lock.
abstract sealed class RegistryLink implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    static RegistryLink open(Home home) throws CommandFailure, IOException {
        Optional<AgentClient> agent = AgentClient.of(home);
        return agent.isPresent() ? new Remote(home, agent.get()) : Direct.open(home);
    }

    /// The answer's body, when the call succeeded.
    ///
    /// @param path segments, the first is `push` or `traps`
    /// @param body an object, or null for none
    /// @throws CommandFailure with what the registry said
    final JsonNode call(String method, List<String> path, boolean secrets, @Nullable JsonNode body)
            throws CommandFailure, IOException {
        RegistryCalls.Call call =
                new RegistryCalls.Call(
                        method,
                        path,
                        secrets,
                        "",
                        body == null
                                ? new byte[0]
                                : body.toString().getBytes(StandardCharsets.UTF_8));
        RegistryCalls.Reply reply = reply(call);
        if (reply.status() < 300) {
            return reply.body();
        }
        StringBuilder message = new StringBuilder();
        if (reply.body().path("problems").isArray()) {
            reply.body()
                    .path("problems")
                    .forEach(problem ->
                            message.append(message.isEmpty() ? "" : "\n  ")
                                    .append(problem.asText()));
        } else {
            message.append(reply.body().path("error").asText("status " + reply.status()));
        }
        throw new CommandFailure(
                reply.status() == 400 ? Cli.USAGE : Cli.FAILED, message.toString());
    }

    abstract RegistryCalls.Reply reply(RegistryCalls.Call call) throws IOException, CommandFailure;

    @Override
    public abstract void close() throws IOException, CommandFailure;

    private static final class Remote extends RegistryLink {
        private final Home home;
        private final AgentClient agent;

        Remote(Home home, AgentClient agent) {
            this.home = home;
            this.agent = agent;
        }

        @Override
        RegistryCalls.Reply reply(RegistryCalls.Call call) throws IOException, CommandFailure {
            String path =
                    call.path().stream()
                            .map(AgentClient::segment)
                            .collect(Collectors.joining("/", "/api/", ""));
            AgentClient.Answer answer =
                    agent.send(
                            call.method(),
                            path + (call.secrets() ? "?secrets=true" : ""),
                            call.body().length == 0
                                    ? null
                                    : new String(call.body(), StandardCharsets.UTF_8),
                            call.isPrivileged() ? AgentClient.token(home) : "");
            try {
                return new RegistryCalls.Reply(answer.status(), JSON.readTree(answer.body()));
            } catch (JsonProcessingException e) {
                throw new IOException(
                        "the agent (process "
                                + agent.pid()
                                + ") answered "
                                + answer.status()
                                + " without JSON; it may be of another version: restart it",
                        e);
            }
        }

        @Override
        public void close() {}
    }

    private static final class Direct extends RegistryLink {
        /// The one file that may declare registrations.
        private static final String DECLARING_FILE = "conf.d/trapline.conf";

        private final HomeLock lock;
        private final Registry registry;
        private final RegistryCalls calls;

        private Direct(HomeLock lock, Registry registry, String coreAddress) {
            this.lock = lock;
            this.registry = registry;
            this.calls = new RegistryCalls(registry, () -> coreAddress);
        }

        static Direct open(Home home) throws CommandFailure, IOException {
            Settings settings = settings(home);
            HomeLock lock = lock(home.create());
            boolean good = false;
            try {
                Registry registry =
                        Registry.open(
                                home.data().resolve("trapline.db"),
                                InstantSource.system(),
                                Duration.ZERO);
                registry.declare(DECLARING_FILE, settings.pushes(), settings.checks());
                good = true;
                return new Direct(lock, registry, address(settings));
            } catch (RegistryException e) {
                throw new CommandFailure(Cli.FAILED, String.valueOf(e.getMessage()));
            } finally {
                if (!good) {
                    lock.close();
                }
            }
        }

        private static HomeLock lock(Home home) throws CommandFailure, IOException {
            try {
                return HomeLock.acquire(home);
            } catch (HomeLock.HeldException e) {
                throw new CommandFailure(
                        Cli.FAILED,
                        "an agent is starting or stopping here, try again in a moment: "
                                + e.getMessage());
            }
        }

        private static Settings settings(Home home) throws CommandFailure {
            return switch (Settings.load(home.root(), System.getenv())) {
                case Settings.Loaded.Usable(Settings settings, _) -> settings;
                case Settings.Loaded.Unusable(var problems) ->
                        throw new CommandFailure(
                                Cli.USAGE,
                                "the configuration has problems, so what it declares is not known:\n"
                                        + String.join(
                                                "\n", ProblemReport.lines(home.root(), problems)));
            };
        }

        private static String address(Settings settings) throws IOException {
            CoreSettings core = settings.core();
            ListenSettings listen = core.listen();
            return InetAddress.getByName(listen.host()).isAnyLocalAddress()
                    ? listen.at(Optional.of(new HostPort(settings.hostName(), listen.port())))
                            .address(listen.port())
                    : listen.address(listen.port());
        }

        @Override
        RegistryCalls.Reply reply(RegistryCalls.Call call) {
            return calls.answer(call);
        }

        @Override
        public void close() throws IOException, CommandFailure {
            try (lock) {
                registry.close();
            } catch (RegistryException e) {
                throw new CommandFailure(Cli.FAILED, String.valueOf(e.getMessage()));
            }
        }
    }
}
