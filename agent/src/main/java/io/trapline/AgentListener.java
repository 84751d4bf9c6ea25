package io.trapline;

import io.helidon.webserver.http.HttpRouting;
import io.trapline.config.HostPort;
import io.trapline.health.PartStatus;
import io.trapline.ingest.HttpSettings;
import io.trapline.ingest.datakit.DataKitApi;
import io.trapline.net.ConnectionLimits;
import io.trapline.net.ServerTls;
import io.trapline.web.Listener;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The agent's own listener, `[http]`: where it is, by which certificate it is known, and what the
/// commands are told of both.
final class AgentListener {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
    private static final Duration DEADLINE = Duration.ofSeconds(2);

    private final HomeLock lock;
    private final Optional<ServerTls> tls;
    private final MovingListener<HttpSettings> listener;
    private final Optional<Listener> socket;

    /// @param parts what is opened here is added to them
    /// @param urgent what is answered when all places for connections are taken
    /// @param routes of a listener that opens at the given place
    AgentListener(
            Parts parts,
            HomeLock lock,
            Certificates certificates,
            InForce inForce,
            ConnectionLimits.Urgent urgent,
            BiConsumer<HttpSettings, HttpRouting.Builder> routes)
            throws IOException {
        this.lock = lock;
        HttpSettings initial = inForce.settings().http();
        tls =
                certificates.open(
                        "http",
                        initial.listen(),
                        () -> inForce.settings().http().listen(),
                        this::publish);
        listener =
                parts.add(
                        "listener",
                        DEADLINE,
                        new MovingListener<>(
                                "[http] listen",
                                initial,
                                at -> new HostPort(at.host(), at.port()),
                                at -> open(at, urgent, routes)));
        socket =
                initial.socket().isPresent()
                        ? Optional.of(
                                parts.add(
                                        "socket",
                                        DEADLINE,
                                        Listener.open(
                                                initial.socket().get(),
                                                to -> DataKitApi.configure(to, initial),
                                                urgent,
                                                routing -> routes.accept(initial, routing))))
                        : Optional.empty();
        socket.ifPresent(
                its -> LOG.info("the socket {} serves the same as {}", its.address(), address()));
    }

    /// How the listener and the socket are doing.
    List<PartStatus> parts() {
        List<PartStatus> all = new ArrayList<>(List.of(listener.part()));
        socket.ifPresent(its -> all.add(its.part()));
        return all;
    }

    private MovingListener.Bound open(
            HttpSettings at,
            ConnectionLimits.Urgent urgent,
            BiConsumer<HttpSettings, HttpRouting.Builder> routes)
            throws IOException {
        Listener opened =
                Listener.open(
                        at.listen(),
                        tls,
                        to -> DataKitApi.configure(to, at),
                        urgent,
                        routing -> routes.accept(at, routing));
        opened.askItself();
        return new MovingListener.Bound(opened.address(), opened::part, opened::close);
    }

    /// `http://host:port` (or `https://…`), with the port that was really bound.
    String address() {
        return listener.address();
    }

    /// @throws IOException when the new address cannot be opened; the old one stays
    void move(HttpSettings to) throws IOException {
        if (listener.move(to)) {
            publish();
        }
    }

    /// Tells the commands where to find this agent, and by which certificate to know it.
    void publish() {
        try {
            lock.publish(address(), tls.map(ServerTls::fingerprint).orElse(""));
        } catch (IOException e) {
            LOG.error("commands such as `trapline status` may not find this agent", e);
        }
    }
}
