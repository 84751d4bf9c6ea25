package io.trapline.ingest;

import io.trapline.config.ConfTable;
import io.trapline.config.HostPort;
import java.util.Optional;

/// The push and trap listener: `[core]`.
///
/// @param host address to bind
/// @param port 0 = any free one
public record CoreSettings(String host, int port) {
    public static final CoreSettings DEFAULT = new CoreSettings("127.0.0.1", 10205);

    public static CoreSettings read(ConfTable core) {
        CoreSettings settings =
                listen(core).map(at -> new CoreSettings(at.host(), at.port())).orElse(DEFAULT);
        core.done();
        return settings;
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
