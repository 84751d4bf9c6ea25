package io.trapline;

import io.trapline.health.PartState;
import io.trapline.health.PartStatus;
import io.trapline.journal.Journal;
import io.trapline.store.Store;
import io.trapline.store.StoreStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/// How all parts are doing: the one place that `/healthz` on both listeners, `/api/status`,
/// `trapline status` and the first page's verdict ask.
final class Health {
    private final List<Supplier<List<PartStatus>>> parts = new CopyOnWriteArrayList<>();

    /// What is asked of `journal` and `store` is whether they take what is given to them.
    Health(Journal journal, Optional<Store> store) {
        PartState writes = new PartState("journal");
        parts.add(() -> List.of(writes.observed(trouble(journal))));
        if (store.isPresent()) {
            PartState rows = new PartState("store");
            parts.add(() -> List.of(rows.observed(trouble(store.get().status()))));
        }
    }

    /// @param more of which that may change from one question to the next
    void add(Supplier<List<PartStatus>> more) {
        parts.add(more);
    }

    /// All of them, in the order in which they start.
    List<PartStatus> all() {
        List<PartStatus> all = new ArrayList<>();
        parts.forEach(each -> all.addAll(each.get()));
        return all;
    }

    /// What keeps the agent from doing its work, one line each.
    List<String> ailments() {
        return all().stream().filter(part -> !part.isRunning()).map(PartStatus::line).toList();
    }

    private static Optional<String> trouble(Journal journal) {
        var status = journal.status();
        return journal.trouble()
                .or(() ->
                        status.isFull()
                                ? Optional.of(
                                        "the quota of "
                                                + status.maxBytes()
                                                + " bytes is used up, what comes in is refused")
                                : Optional.empty());
    }

    private static Optional<String> trouble(StoreStatus store) {
        return Optional.of(store.error()).filter(error -> !error.isEmpty());
    }
}
