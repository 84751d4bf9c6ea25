package io.trapline.ingest.datakit;

import java.util.Optional;

/// What the rest of the listener knows about whoever sends a request.
public interface Callers {
    /// Nobody has the admin token, and every name is this host's.
    Callers ANYBODY =
            new Callers() {
                @Override
                public boolean isOwnHost(Optional<String> host) {
                    return true;
                }

                @Override
                public boolean isAdmin(Optional<String> authorization) {
                    return false;
                }
            };

    /// Whether a `Host` header names this host, by an address or by a name of its own. A page can
    /// have a name of its own lead here (DNS rebinding), and what it then asks is of the same
    /// origin for its browser.
    boolean isOwnHost(Optional<String> host);

    /// Whether an `Authorization` header carries the admin token.
    boolean isAdmin(Optional<String> authorization);
}
