package io.trapline.ingest;

import io.trapline.config.ConfTable;
import io.trapline.config.HostPort;
import java.util.Optional;

/// The push and trap listener: `[core]`.
///
/// @param host address to bind
/// @param port 0 = any free one
/// @param token what another Trapline must present to hand over its batches; empty = none may.
///   Never shown by [#toString]
public record CoreSettings(String host, int port, String token) {
    public static final CoreSettings DEFAULT = new CoreSettings("127.0.0.1", 10205, "");

    public static CoreSettings read(ConfTable core) {
        Optional<HostPort> listen = listen(core);
        CoreSettings settings =
                new CoreSettings(
                        listen.map(HostPort::host).orElse(DEFAULT.host),
                        listen.map(HostPort::port).orElse(DEFAULT.port),
                        core.secret("token", "text").orElse(""));
        core.done();
        return settings;
    }

    @Override
    public String toString() {
        return "CoreSettings[host=%s, port=%d]".formatted(host, port);
    }

    static Optional<HostPort> listen(ConfTable table) {
        Optional<HostPort> listen = table.endpoint("listen");
        if (listen.isPresent() && !listen.get().isLoopback()) {
            table.warn(
                    "listen",
                    "reachable from other machines, without TLS; meant for networks you trust");
        }
        return listen;
    }
}
