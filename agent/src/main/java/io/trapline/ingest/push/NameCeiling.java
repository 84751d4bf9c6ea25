package io.trapline.ingest.push;

import java.util.HashSet;
import java.util.Set;

/// Counts the new names of one request against what its registration may have. One thread.
final class NameCeiling {
    private final PushRegistrations.SeenNames seen;
    private final int most;
    private final Set<String> fresh = new HashSet<>();
    private int before = -1;

    NameCeiling(PushRegistrations.SeenNames seen, int most) {
        this.seen = seen;
        this.most = most;
    }

    int most() {
        return most;
    }

    /// Requests that come at the same time may go over it by what they bring.
    boolean admits(String name) {
        if (seen.isKnown(name) || fresh.contains(name)) {
            return true;
        }
        if (before < 0) {
            before = seen.count();
        }
        return before + fresh.size() < most && fresh.add(name);
    }
}
