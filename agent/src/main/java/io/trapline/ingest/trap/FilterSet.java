package io.trapline.ingest.trap;

import io.trapline.model.Tag;
import io.trapline.period.StreamId;
import io.trapline.registry.PcrePattern;
import io.trapline.registry.TagQuery;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A check's filter set, ready to be asked: the first rule that matches decides, and none means no.
///
/// Any thread may ask; lists that learn keep what they learned for 5 minutes.
final class FilterSet {
    private static final Logger LOG = LoggerFactory.getLogger(FilterSet.class);
    private static final long FORGET_MS = 5 * 60_000;

    private final List<Rule> rules = new ArrayList<>();
    private final boolean acceptsAll;

    FilterSet(TrapCheck check) {
        acceptsAll = check.filters().isEmpty();
        for (TrapRule rule : check.filters().orElse(List.of())) {
            rules.add(new Rule(rule, check));
        }
    }

    /// No rule decided.
    static final int NO_RULE = -1;

    /// @param stream with the tags that rules added
    /// @param rule the index of the one that decided, or [#NO_RULE]
    record Verdict(StreamId stream, boolean accepted, int rule) {}

    Verdict judge(StreamId stream, long nowMs) {
        if (acceptsAll) {
            return new Verdict(stream, true, NO_RULE);
        }
        StreamId current = stream;
        int i = 0;
        while (i < rules.size()) {
            Rule rule = rules.get(i++);
            if (!rule.matches(current, nowMs)) {
                continue;
            }
            switch (rule.action) {
                case TrapRule.Action.Allow() -> {
                    return new Verdict(current, true, i - 1);
                }
                case TrapRule.Action.Deny() -> {
                    return new Verdict(current, false, i - 1);
                }
                case TrapRule.Action.AddTag(String category, String value) ->
                        current = withTag(current, category, value);
                // Only forwards, so that rules cannot send each other in a circle.
                case TrapRule.Action.SkipTo(String id) -> {
                    while (i < rules.size() && !rules.get(i).id.equals(id)) {
                        i++;
                    }
                }
            }
        }
        return new Verdict(current, false, NO_RULE);
    }

    /// Whether the answer counts the stream's values as filtered.
    ///
    /// Upstream counts before it puts the tags in order, and so compares a list of names with what
    /// was sent: a stream that is stored may count, and clients see that number. How a tag is
    /// spelled, plain or as base64, makes no difference.
    boolean counts(StreamId stream, String sent, Verdict verdict, long nowMs)
            throws TaggedName.BadNameException {
        if (!verdict.accepted() || acceptsAll || sent.indexOf('|') < 0) {
            return !verdict.accepted();
        }
        return !TaggedName.isInOrder(sent)
                && !judge(new StreamId(stream.name(), stream.tags(), sent), nowMs).accepted();
    }

    private static StreamId withTag(StreamId stream, String category, String value) {
        List<Tag> tags = new ArrayList<>(stream.tags());
        Tag tag = new Tag(Tag.MEASUREMENT_PREFIX + category, value);
        if (!tags.contains(tag)) {
            tags.add(tag);
        }
        return StreamId.of(stream.name(), tags);
    }

    private static final class Rule {
        private final TrapRule.Action action;
        private final String id;
        private final List<Condition> conditions = new ArrayList<>();

        Rule(TrapRule rule, TrapCheck check) {
            action = rule.action();
            id = rule.id().orElse("");
            Map<String, Integer> learns = rule.autoAdd();
            Optional<Predicate<StreamId>> names = rule.metric().map(r -> found(r, StreamId::name));
            Optional<Predicate<StreamId>> list = rule.metricList().map(Rule::listed);
            add("metric", both(names, list), learns, StreamId::name);
            add(
                    "stream_tags",
                    rule.streamTags().map(q -> query(q, false)),
                    learns,
                    stream -> tags(stream, false).toString());
            add(
                    "measurement_tags",
                    rule.measurementTags().map(q -> query(q, true)),
                    learns,
                    stream -> tags(stream, true).toString());
            add(
                    "target",
                    rule.target().map(r -> found(r, _ -> check.target())),
                    learns,
                    _ -> check.target());
            add(
                    "module",
                    rule.module().map(r -> found(r, _ -> check.module())),
                    learns,
                    _ -> check.module());
            add(
                    "name",
                    rule.name().map(r -> found(r, _ -> check.name())),
                    learns,
                    _ -> check.name());
        }

        boolean matches(StreamId stream, long nowMs) {
            for (Condition condition : conditions) {
                if (!condition.holds(stream, nowMs)) {
                    return false;
                }
            }
            // What another condition refuses takes no place in a list.
            for (Condition condition : conditions) {
                if (!condition.learns(stream, nowMs)) {
                    return false;
                }
            }
            return true;
        }

        private void add(
                String name,
                Optional<Predicate<StreamId>> test,
                Map<String, Integer> learns,
                Subject subject) {
            Integer room = learns.get(name);
            if (room != null) {
                conditions.add(new Learning(test, subject, room));
            } else {
                test.ifPresent(predicate -> conditions.add((stream, _) -> predicate.test(stream)));
            }
        }

        private static Optional<Predicate<StreamId>> both(
                Optional<Predicate<StreamId>> a, Optional<Predicate<StreamId>> b) {
            return a.isPresent() && b.isPresent()
                    ? Optional.of(a.get().and(b.get()))
                    : a.or(() -> b);
        }

        /// A pattern that does not compile never matches; where it was given it was refused.
        private static Predicate<StreamId> found(String regex, Subject subject) {
            try {
                Predicate<String> pattern = PcrePattern.searching(PcrePattern.compile(regex));
                return stream -> pattern.test(subject.of(stream));
            } catch (PatternSyntaxException e) {
                LOG.warn(
                        "a filter rule never matches: \"{}\" is no regular expression: {}",
                        regex,
                        e.getDescription());
                return _ -> false;
            }
        }

        /// A name alone selects every tag set of it, `name|ST[]` only the untagged stream.
        private static Predicate<StreamId> listed(List<String> list) {
            Set<String> names = new HashSet<>();
            Set<String> streams = new HashSet<>();
            for (String entry : list) {
                boolean tagged = entry.contains("|ST[") || entry.contains("|MT{");
                try {
                    StreamId stream = TaggedName.parse(entry, List.of());
                    (tagged ? streams : names).add(stream.canonical());
                } catch (TaggedName.BadNameException e) {
                    streams.add(entry);
                }
            }
            return stream -> names.contains(stream.name()) || streams.contains(stream.canonical());
        }

        /// One that cannot be read never matches; where it was given it was refused.
        private static Predicate<StreamId> query(String text, boolean measurement) {
            try {
                Predicate<List<Tag>> query = TagQuery.parse(text);
                return stream -> query.test(tags(stream, measurement));
            } catch (IllegalArgumentException e) {
                LOG.warn("a filter rule never matches: \"{}\": {}", text, e.getMessage());
                return _ -> false;
            }
        }

        /// Tags of one kind; stream tags with the implicit `__name`.
        private static List<Tag> tags(StreamId stream, boolean measurement) {
            List<Tag> tags = new ArrayList<>(stream.tags().size() + 1);
            for (Tag tag : stream.tags()) {
                if (tag.key().startsWith(Tag.MEASUREMENT_PREFIX) == measurement) {
                    tags.add(
                            measurement
                                    ? new Tag(
                                            tag.key().substring(Tag.MEASUREMENT_PREFIX.length()),
                                            tag.value())
                                    : tag);
                }
            }
            if (!measurement) {
                tags.add(new Tag("__name", stream.name()));
            }
            return tags;
        }
    }

    @FunctionalInterface
    private interface Subject {
        String of(StreamId stream);
    }

    @FunctionalInterface
    private interface Condition {
        boolean holds(StreamId stream, long nowMs);

        /// After all conditions have held; false when another thread has taken the last place.
        default boolean learns(StreamId stream, long nowMs) {
            return true;
        }
    }

    /// Holds for what the rule says, and for the first values that it sees.
    private static final class Learning implements Condition {
        private final Optional<Predicate<StreamId>> test;
        private final Subject subject;
        private final int room;
        private final Set<String> learned = new HashSet<>();
        private long sinceMs = Long.MIN_VALUE;

        Learning(Optional<Predicate<StreamId>> test, Subject subject, int room) {
            this.test = test;
            this.subject = subject;
            this.room = room;
        }

        @Override
        public synchronized boolean holds(StreamId stream, long nowMs) {
            return isListed(stream)
                    || nowMs - sinceMs >= FORGET_MS
                    || learned.size() < room
                    || learned.contains(subject.of(stream));
        }

        private boolean isListed(StreamId stream) {
            return test.isPresent() && test.get().test(stream);
        }

        @Override
        public synchronized boolean learns(StreamId stream, long nowMs) {
            if (isListed(stream)) {
                return true;
            }
            if (sinceMs == Long.MIN_VALUE || nowMs - sinceMs >= FORGET_MS) {
                sinceMs = nowMs;
                learned.clear();
            }
            String value = subject.of(stream);
            return learned.contains(value) || (learned.size() < room && learned.add(value));
        }
    }
}
