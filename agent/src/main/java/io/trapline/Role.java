package io.trapline;

/// Which half of Trapline this process is: `role`.
public enum Role {
    /// Agent and core in one process.
    ALL,
    /// Collectors and the local API; forwards to a remote core.
    AGENT,
    /// Push and trap listeners, registry, periods, store, outputs.
    CORE
}
