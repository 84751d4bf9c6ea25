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
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How all parts are doing: the one place that `/healthz` on both listeners, `/api/status`,
/// `trapline status` and the first page's verdict ask.
final class Health {
    private static final Logger LOG = LoggerFactory.getLogger(Health.class);

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

    /// Looks every second, so that a state is told since when it began, and not since when somebody
    /// asked.
    AutoCloseable watch() {
        ScheduledExecutorService watch =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("health").factory());
        var _ = watch.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
        return watch::shutdownNow;
    }

    private void look() {
        try {
            var _ = all();
        } catch (RuntimeException e) {
            LOG.debug("a part could not be asked how it is", e);
        }
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
                .map(why -> why.startsWith("journal ") ? why.substring("journal ".length()) : why)
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
