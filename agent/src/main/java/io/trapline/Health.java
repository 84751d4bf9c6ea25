package io.trapline;

import io.trapline.journal.Journal;
import io.trapline.store.Store;
import io.trapline.store.StoreStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Whether the agent can do its work, as `/healthz` says on both listeners.
record Health(Journal journal, Optional<Store> store) {
    /// What keeps it from that, one line each.
    List<String> ailments() {
        List<String> found = new ArrayList<>();
        store.map(Store::status)
                .map(StoreStatus::error)
                .filter(error -> !error.isEmpty())
                .ifPresent(error -> found.add("store: " + error));
        var status = journal.status();
        if (status.isFull()) {
            found.add("journal: the quota of " + status.maxBytes() + " bytes is used up");
        }
        return found;
    }
}
