package io.trapline.ingest;

import io.trapline.config.ConfTable;
import io.trapline.net.ListenSettings;

/// The push and trap listener: `[core]`.
///
/// @param token what another Trapline must present to hand over its batches; empty = none may.
///   Never shown by [#toString]
/// @param requestRate requests a second from one address, as an average of a minute; 0 = no limit
public record CoreSettings(ListenSettings listen, String token, double requestRate) {
    public static final CoreSettings DEFAULT =
            new CoreSettings(ListenSettings.plain("127.0.0.1", 10205), "", 0);

    public static CoreSettings read(ConfTable core) {
        CoreSettings settings =
                new CoreSettings(
                        ListenSettings.read(core, DEFAULT.listen),
                        core.secret("token", "text").orElse(""),
                        core.number("request_rate", 0, 1e9).orElse(DEFAULT.requestRate));
        core.done();
        return settings;
    }

    /// Address to bind.
    public String host() {
        return listen.host();
    }

    /// 0 = any free one.
    public int port() {
        return listen.port();
    }

    @Override
    public String toString() {
        return "CoreSettings[" + listen + "]";
    }
}
