package io.trapline.ingest.trap;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// One rule of a check's filter set. All conditions that are there must hold; a rule without any
/// always matches.
///
/// @param id what `skipto` names
/// @param metric regular expression, searched in the name without tags; one that does not compile
///   never matches
/// @param metricList exact names: without tags every tag set of it, with tags that stream alone
/// @param streamTags tag query
/// @param measurementTags tag query
/// @param target regular expression on the check's target
/// @param module on its module, `httptrap`
/// @param name on its name
/// @param autoAdd condition (`metric`, `stream_tags` …) → how many values its list learns by itself
public record TrapRule(
        Action action,
        Optional<String> id,
        Optional<String> metric,
        Optional<List<String>> metricList,
        Optional<String> streamTags,
        Optional<String> measurementTags,
        Optional<String> target,
        Optional<String> module,
        Optional<String> name,
        Map<String, Integer> autoAdd) {
    public TrapRule {
        Objects.requireNonNull(action, "action");
        metricList = metricList.map(List::copyOf);
        autoAdd = Map.copyOf(autoAdd);
    }

    /// What a matching rule does.
    public sealed interface Action {
        record Allow() implements Action {}

        record Deny() implements Action {}

        /// Goes on at the rule with that id; without one, the metric is denied.
        record SkipTo(String id) implements Action {}

        /// Adds a measurement tag, then goes on; the value may be empty.
        record AddTag(String category, String value) implements Action {}
    }
}
