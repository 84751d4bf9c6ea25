package io.trapline;

import io.trapline.net.ListenSettings;
import io.trapline.net.ServerTls;
import io.trapline.net.TlsException;
import io.trapline.net.TlsFiles;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/// The TLS of both listeners: opened together with them, looked at together.
final class Certificates {
    private static final Duration QUICK = Duration.ofSeconds(1);
    private static final Duration LOOK = Duration.ofSeconds(2);

    private final Parts parts;
    private final InstantSource clock;
    private final List<ServerTls> open = new CopyOnWriteArrayList<>();

    Certificates(Parts parts, InstantSource clock) {
        this.parts = parts;
        this.clock = clock;
    }

    /// Empty when the listener has no TLS.
    ///
    /// @param section of `trapline.conf` that the listener is in
    /// @param now what it says at any moment
    /// @param changed called when another certificate has come into force
    Optional<ServerTls> open(
            String section, ListenSettings first, Supplier<ListenSettings> now, Runnable changed)
            throws IOException {
        if (first.tls().isEmpty()) {
            return Optional.empty();
        }
        TlsFiles files = first.tls().get();
        String name = "[" + section + "] TLS";
        try {
            ServerTls tls =
                    parts.add(
                            name,
                            QUICK,
                            ServerTls.open(
                                    name,
                                    () -> now.get().tls().orElse(files),
                                    clock,
                                    LOOK,
                                    changed));
            open.add(tls);
            return Optional.of(tls);
        } catch (TlsException e) {
            throw new IOException(name + ": " + e.getMessage(), e);
        }
    }

    /// Takes what the files hold now.
    void look() {
        open.forEach(ServerTls::lookNow);
    }

    /// What is wrong with them, one line each.
    List<String> problems() {
        return open.stream().map(ServerTls::problem).flatMap(Optional::stream).toList();
    }
}
