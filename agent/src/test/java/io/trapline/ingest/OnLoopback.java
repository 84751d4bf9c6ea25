package io.trapline.ingest;

import io.helidon.webserver.http.HttpService;
import io.trapline.net.BoundServer;
import io.trapline.net.ListenSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/// The core's listener on any free port of 127.0.0.1.
public final class OnLoopback {
    private OnLoopback() {}

    public static BoundServer open(HttpService... services) {
        try {
            return CoreListener.open(
                    ListenSettings.plain("127.0.0.1", 0),
                    Optional.empty(),
                    AddressLimits.NONE,
                    services);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
