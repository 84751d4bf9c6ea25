package io.trapline.registry;

import io.trapline.registry.Held.Origin;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;

/// Everything in force at one moment.
///
/// @param sources `push/<data_id>` and `trap/<uuid>` of all of them
record Snapshot(
        SortedMap<Long, Held<PushRegistration>> pushes,
        SortedMap<UUID, Held<Check>> checks,
        Set<String> sources,
        List<String> warnings) {
    static final Snapshot EMPTY =
            new Snapshot(
                    Collections.emptySortedMap(),
                    Collections.emptySortedMap(),
                    Set.of(),
                    List.of());

    /// What did not change keeps its value object: others keep what they derive from it by that.
    static Snapshot of(
            Snapshot previous,
            List<Declared<PushRegistration>> declaredPushes,
            List<Declared<Check>> declaredChecks,
            List<Held<PushRegistration>> pushes,
            List<Held<Check>> checks) {
        List<String> warnings = new ArrayList<>();
        SortedMap<Long, Held<PushRegistration>> allPushes =
                merged(
                        previous.pushes(),
                        declaredPushes,
                        pushes,
                        PushRegistration::dataId,
                        id -> "push registration " + id,
                        warnings);
        SortedMap<UUID, Held<Check>> allChecks =
                merged(
                        previous.checks(),
                        declaredChecks,
                        checks,
                        Check::id,
                        id -> "check " + id,
                        warnings);
        Set<String> sources = new HashSet<>();
        allPushes.values().forEach(push -> sources.add(push.value().source()));
        allChecks.values().forEach(check -> sources.add(check.value().source()));
        return new Snapshot(allPushes, allChecks, Set.copyOf(sources), List.copyOf(warnings));
    }

    private static <K extends Comparable<K>, T> SortedMap<K, Held<T>> merged(
            SortedMap<K, Held<T>> previous,
            List<Declared<T>> declared,
            List<Held<T>> registered,
            Function<T, K> id,
            Function<K, String> shown,
            List<String> warnings) {
        TreeMap<K, Held<T>> all = new TreeMap<>();
        for (Held<T> held : registered) {
            all.put(id.apply(held.value()), held);
        }
        for (Declared<T> one : declared) {
            K key = id.apply(one.value());
            Held<T> other = all.get(key);
            String here = one.file() + ":" + one.line();
            if (other != null
                    && other.origin() instanceof Origin.Configuration(var file, var line)) {
                warnings.add(
                        shown.apply(key)
                                + " is declared twice; "
                                + file
                                + ":"
                                + line
                                + " counts, "
                                + here
                                + " does not");
                continue;
            }
            if (other != null) {
                warnings.add(
                        shown.apply(key)
                                + " is declared in "
                                + here
                                + " and also registered; the declared one counts");
            }
            all.put(key, new Held<>(one.value(), new Origin.Configuration(one.file(), one.line())));
        }
        all.replaceAll((key, held) -> {
            Held<T> old = previous.get(key);
            return old != null && old.value().equals(held.value())
                    ? new Held<>(old.value(), held.origin())
                    : held;
        });
        return Collections.unmodifiableSortedMap(all);
    }

    long freeDataId(long from) {
        long id = from;
        while (pushes.containsKey(id)) {
            id++;
        }
        return id;
    }

    /// Names are unique where there are any.
    boolean isNameTaken(PushRegistration wanted) {
        return !wanted.name().isEmpty()
                && pushes.values().stream()
                        .map(Held::value)
                        .anyMatch(push ->
                                push.dataId() != wanted.dataId()
                                        && push.name().equals(wanted.name()));
    }

    /// The secret of a registered source.
    String secret(String source) {
        int slash = source.indexOf('/');
        String id = source.substring(slash + 1);
        if (source.startsWith("push/")) {
            Held<PushRegistration> push = pushes.get(Long.parseLong(id));
            return push == null ? "" : push.value().accessToken();
        }
        Held<Check> check = checks.get(UUID.fromString(id));
        return check == null ? "" : check.value().secret();
    }
}
