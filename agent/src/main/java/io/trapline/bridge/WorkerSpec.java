package io.trapline.bridge;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// What one input's interpreter is to be.
///
/// @param input the input's name
/// @param command the executable of an external worker; empty = embedded GraalPy
/// @param ownHost an embedded input with a host process of its own (`isolation = "own"`)
/// @param modules what to import, in order
/// @param environment added to the inherited environment
/// @param endpointHost where `DataKitFramework` believes the agent is (constructor's default)
/// @param endpointPort likewise
/// @param limits what it may take of the operating system
public record WorkerSpec(
        String input,
        Optional<Path> command,
        boolean ownHost,
        List<Module> modules,
        Map<String, String> environment,
        String endpointHost,
        int endpointPort,
        Limits limits) {

    /// With the usual limits.
    public WorkerSpec(
            String input,
            Optional<Path> command,
            boolean ownHost,
            List<Module> modules,
            Map<String, String> environment,
            String endpointHost,
            int endpointPort) {
        this(
                input,
                command,
                ownHost,
                modules,
                environment,
                endpointHost,
                endpointPort,
                Limits.DEFAULT);
    }

    public WorkerSpec {
        Objects.requireNonNull(input, "input");
        Objects.requireNonNull(command, "command");
        modules = List.copyOf(modules);
        environment = Map.copyOf(environment);
    }

    /// A Python file to import as `name` with `root` first on the import path; two modules may have
    /// the same name under different roots, and both are loaded.
    public record Module(String name, Path file, Path root) {
        public Module {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(file, "file");
            Objects.requireNonNull(root, "root");
        }
    }
}
