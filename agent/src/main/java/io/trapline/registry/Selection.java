package io.trapline.registry;

import io.trapline.registry.FilterRule.Action;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Metrics switched on and off by name, as filter rules at the head of a check's own.
///
/// ```
/// deny  deselected-streams   name|ST[a:b] …     streams first: they are more specific
/// allow selected-streams
/// deny  deselected           name …             every tag set of the name
/// allow selected
/// …     the check's own rules
/// allow everything-else      only where the check had no filter set
/// ```
///
/// A name is in one list at most. When nothing of this is left, a check that had no filter set has
/// none again.
final class Selection {
    private static final String DENIED_STREAMS = "deselected-streams";
    private static final String ALLOWED_STREAMS = "selected-streams";
    private static final String DENIED_NAMES = "deselected";
    private static final String ALLOWED_NAMES = "selected";
    private static final String REST = "everything-else";
    private static final List<String> MANAGED =
            List.of(DENIED_STREAMS, ALLOWED_STREAMS, DENIED_NAMES, ALLOWED_NAMES, REST);

    private final Set<String> deniedStreams;
    private final Set<String> allowedStreams;
    private final Set<String> deniedNames;
    private final Set<String> allowedNames;
    private final List<FilterRule> own;
    private final boolean restAllowed;

    private Selection(List<FilterRule> rules, boolean restAllowed) {
        this.deniedStreams = names(rules, DENIED_STREAMS);
        this.allowedStreams = names(rules, ALLOWED_STREAMS);
        this.deniedNames = names(rules, DENIED_NAMES);
        this.allowedNames = names(rules, ALLOWED_NAMES);
        this.own = rules.stream().filter(rule -> !MANAGED.contains(id(rule))).toList();
        this.restAllowed = restAllowed;
    }

    /// The rules with `on` stored and `off` refused from now on.
    static Optional<List<FilterRule>> change(
            Optional<List<FilterRule>> rules, Collection<String> on, Collection<String> off) {
        Selection selection =
                rules.map(found ->
                                new Selection(
                                        found,
                                        found.stream().anyMatch(rule -> id(rule).equals(REST))))
                        .orElseGet(() -> new Selection(List.of(), true));
        on.forEach(selection::select);
        off.forEach(selection::deselect);
        return selection.rules();
    }

    /// Rules that store `names` and nothing else.
    static List<FilterRule> only(Collection<String> names) {
        Selection selection = new Selection(List.of(), false);
        names.forEach(selection::select);
        return selection.rules().orElseThrow();
    }

    private void select(String name) {
        if (isStream(name)) {
            deniedStreams.remove(name);
            allowedStreams.add(name);
        } else {
            forgetStreamsOf(name);
            deniedNames.remove(name);
            allowedNames.add(name);
        }
    }

    private void deselect(String name) {
        if (isStream(name)) {
            allowedStreams.remove(name);
            deniedStreams.add(name);
        } else {
            forgetStreamsOf(name);
            allowedNames.remove(name);
            deniedNames.add(name);
        }
    }

    private void forgetStreamsOf(String name) {
        allowedStreams.removeIf(stream -> stream.startsWith(name + "|ST["));
        deniedStreams.removeIf(stream -> stream.startsWith(name + "|ST["));
    }

    private static boolean isStream(String name) {
        return name.contains("|ST[");
    }

    private Optional<List<FilterRule>> rules() {
        if (restAllowed && own.isEmpty() && deniedStreams.isEmpty() && deniedNames.isEmpty()) {
            return Optional.empty();
        }
        List<FilterRule> rules = new ArrayList<>();
        add(rules, DENIED_STREAMS, new Action.Deny(), deniedStreams);
        add(rules, ALLOWED_STREAMS, new Action.Allow(), allowedStreams);
        add(rules, DENIED_NAMES, new Action.Deny(), deniedNames);
        add(rules, ALLOWED_NAMES, new Action.Allow(), allowedNames);
        rules.addAll(own);
        if (restAllowed) {
            rules.add(rule(REST, new Action.Allow(), Optional.empty()));
        }
        return Optional.of(rules);
    }

    private static void add(
            List<FilterRule> rules, String id, Action action, Collection<String> names) {
        if (!names.isEmpty()) {
            rules.add(rule(id, action, Optional.of(List.copyOf(names))));
        }
    }

    private static FilterRule rule(String id, Action action, Optional<List<String>> names) {
        return new FilterRule(
                action,
                Optional.of(id),
                Optional.empty(),
                names,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of());
    }

    private static String id(FilterRule rule) {
        return rule.id().orElse("");
    }

    private static Set<String> names(List<FilterRule> rules, String id) {
        Set<String> names = new TreeSet<>();
        for (FilterRule rule : rules) {
            if (id(rule).equals(id)) {
                names.addAll(rule.metricList().orElse(List.of()));
            }
        }
        return names;
    }
}
