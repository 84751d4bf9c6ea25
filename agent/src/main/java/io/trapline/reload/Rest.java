package io.trapline.reload;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Decides when changes are over: when what is seen differs from what was taken last, and has been
/// the same for a while. Changes that come together are taken together, so that an editor or a copy
/// that writes several files is waited for; but one that never rests keeps no other one waiting for
/// longer than `patience`.
///
/// @param <K> what may change
/// @param <S> how it looks, compared by `equals`; what is absent is gone
final class Rest<K, S> {
    private final long quiet;
    private final long patience;
    private final LongSupplier ticker;
    private final Map<K, S> taken;
    private final Map<K, Pending<S>> pending = new HashMap<>();

    private record Pending<S>(@Nullable S seen, long since, long began) {}

    /// @param changed what is over, taken now
    /// @param restless what goes on changing
    record Due<K>(Set<K> changed, Set<K> restless) {}

    /// @param quiet nanoseconds for which a change must look the same
    /// @param patience nanoseconds for which one that is over waits for others
    Rest(Map<K, S> first, long quiet, long patience, LongSupplier ticker) {
        this.taken = new HashMap<>(first);
        this.quiet = quiet;
        this.patience = patience;
        this.ticker = ticker;
    }

    /// What is over, once.
    Optional<Due<K>> look(Map<K, S> now) {
        long time = ticker.getAsLong();
        Set<K> all = new HashSet<>(taken.keySet());
        all.addAll(now.keySet());
        for (K key : all) {
            S seen = now.get(key);
            Pending<S> known = pending.get(key);
            if (Objects.equals(seen, taken.get(key))) {
                pending.remove(key);
            } else if (known == null) {
                pending.put(key, new Pending<>(seen, time, time));
            } else if (!Objects.equals(known.seen, seen)) {
                pending.put(key, new Pending<>(seen, time, known.began));
            }
        }
        pending.keySet().retainAll(all);
        Set<K> over = new HashSet<>();
        boolean longEnough = false;
        for (Map.Entry<K, Pending<S>> entry : pending.entrySet()) {
            if (time - entry.getValue().since >= quiet) {
                over.add(entry.getKey());
                longEnough |= time - entry.getValue().began >= patience;
            }
        }
        if (over.isEmpty() || (over.size() < pending.size() && !longEnough)) {
            return Optional.empty();
        }
        for (K key : over) {
            S seen = now.get(key);
            if (seen == null) {
                taken.remove(key);
            } else {
                taken.put(key, seen);
            }
            pending.remove(key);
        }
        return Optional.of(new Due<>(over, Set.copyOf(pending.keySet())));
    }

    /// Whether a change has begun and is not over.
    boolean isRestless() {
        return !pending.isEmpty();
    }

    /// What has been changing for at least so many nanoseconds.
    Set<K> restlessFor(long nanos) {
        long time = ticker.getAsLong();
        return pending.entrySet().stream()
                .filter(entry -> time - entry.getValue().began >= nanos)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    void take(Map<K, S> now) {
        taken.clear();
        taken.putAll(now);
        pending.clear();
    }
}
