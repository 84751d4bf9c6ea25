package io.trapline.ingest.trap;

import io.trapline.registry.Check;
import io.trapline.registry.FilterRule;
import io.trapline.registry.PcrePattern;
import io.trapline.registry.Registry;
import java.util.HashSet;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/// The registry's checks, as the handler wants them: the same object as long as the check is the
/// same. A disabled check is as if it were unknown.
public final class RegisteredChecks implements TrapChecks {
    private static final String MODULE = "httptrap";

    private final Registry registry;
    private final ConcurrentHashMap<UUID, Derived> derived = new ConcurrentHashMap<>();

    public RegisteredChecks(Registry registry) {
        this.registry = registry;
    }

    @Override
    public Optional<TrapCheck> find(UUID id) {
        Optional<Check> check = registry.check(id).filter(Check::enabled);
        if (check.isEmpty()) {
            derived.remove(id);
            return Optional.empty();
        }
        Check from = check.get();
        Derived known = derived.get(id);
        if (known == null || !known.from().equals(from)) {
            known =
                    derived.compute(
                            id,
                            (_, old) ->
                                    old != null && old.from().equals(from)
                                            ? old
                                            : new Derived(from, trapCheck(from)));
        }
        return Optional.of(known.check());
    }

    /// What a submission to a check needs of it.
    static TrapCheck trapCheck(Check check) {
        return new TrapCheck(
                check.id(),
                MODULE,
                check.secret(),
                check.name(),
                check.target(),
                check.period(),
                check.asyncMetrics(),
                check.delimiter(),
                check.corsOrigin().isEmpty()
                        ? Optional.empty()
                        : Optional.of(PcrePattern.compile(check.corsOrigin())),
                check.tagset(),
                new HashSet<>(check.histogramMetrics()),
                check.guessTypes(),
                check.rate(),
                check.filters()
                        .map(rules -> rules.stream().map(RegisteredChecks::trapRule).toList()));
    }

    private static TrapRule trapRule(FilterRule rule) {
        return new TrapRule(
                switch (rule.action()) {
                    case FilterRule.Action.Allow _ -> new TrapRule.Action.Allow();
                    case FilterRule.Action.Deny _ -> new TrapRule.Action.Deny();
                    case FilterRule.Action.SkipTo(String id) -> new TrapRule.Action.SkipTo(id);
                    case FilterRule.Action.AddTag(String category, String value) ->
                            new TrapRule.Action.AddTag(category, value);
                },
                rule.id(),
                rule.metric(),
                rule.metricList(),
                rule.streamTags(),
                rule.measurementTags(),
                rule.target(),
                rule.module(),
                rule.name(),
                rule.autoAdd());
    }

    private record Derived(Check from, TrapCheck check) {}
}
