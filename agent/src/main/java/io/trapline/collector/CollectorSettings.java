package io.trapline.collector;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// What all inputs share.
///
/// @param pythonRoots the `python.d` folders in which a relative `dirs` entry is looked up, first
///   one first; they change when repositories come or go
/// @param logs where `<input>.log` goes
/// @param userHome where upstream's `_datakit_pythond_cli.log` goes
/// @param userFiles whether those are written; asked each time
/// @param endpoint `http://host:port`, where a collector that sends by itself finds the agent; it
///   changes when the listener moves
/// @param runsAsRoot whether files that others can write must be refused
public record CollectorSettings(
        Supplier<List<Path>> pythonRoots,
        Path logs,
        Path userHome,
        BooleanSupplier userFiles,
        Supplier<URI> endpoint,
        boolean runsAsRoot) {
    public CollectorSettings {
        Objects.requireNonNull(pythonRoots, "pythonRoots");
        Objects.requireNonNull(logs, "logs");
        Objects.requireNonNull(userHome, "userHome");
        Objects.requireNonNull(userFiles, "userFiles");
        Objects.requireNonNull(endpoint, "endpoint");
    }

    /// With upstream's files.
    CollectorSettings(
            Supplier<List<Path>> pythonRoots,
            Path logs,
            Path userHome,
            Supplier<URI> endpoint,
            boolean runsAsRoot) {
        this(pythonRoots, logs, userHome, () -> true, endpoint, runsAsRoot);
    }

    String endpointHost() {
        return endpoint.get().getHost();
    }

    int endpointPort() {
        return endpoint.get().getPort();
    }
}
