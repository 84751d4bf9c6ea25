package io.trapline.collector;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/// What all inputs share.
///
/// @param pythonRoots the `python.d` folders in which a relative `dirs` entry is looked up, first
///   one first
/// @param logs where `<input>.log` goes
/// @param userHome where upstream's `_datakit_pythond_cli.log` goes
/// @param endpointHost where a collector that sends by itself finds the agent
/// @param endpointPort likewise
/// @param runsAsRoot whether files that others can write must be refused
public record CollectorSettings(
        List<Path> pythonRoots,
        Path logs,
        Path userHome,
        String endpointHost,
        int endpointPort,
        boolean runsAsRoot) {
    public CollectorSettings {
        pythonRoots = List.copyOf(pythonRoots);
        Objects.requireNonNull(logs, "logs");
        Objects.requireNonNull(userHome, "userHome");
        Objects.requireNonNull(endpointHost, "endpointHost");
    }
}
