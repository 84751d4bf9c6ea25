package io.trapline.forward;

import io.trapline.config.ConfTable;
import io.trapline.model.Category;
import io.trapline.model.CheckState;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What an output forwards: everything that some `include` matches (all of it without one) and no
/// `exclude` does. Of a metric point single fields may be left.
public record Selection(List<Selector> include, List<Selector> exclude) {
    public static final Selection ALL = new Selection(List.of(), List.of());

    public Selection {
        include = List.copyOf(include);
        exclude = List.copyOf(exclude);
    }

    static Selection read(ConfTable output) {
        return new Selection(
                selectors(output.sections("include")), selectors(output.sections("exclude")));
    }

    private static List<Selector> selectors(List<ConfTable> tables) {
        return tables.stream().map(Selector::read).flatMap(Optional::stream).toList();
    }

    boolean isAll() {
        return include.isEmpty() && exclude.isEmpty();
    }

    /// What is to be forwarded of an entry.
    Optional<Entry> apply(String source, Entry entry) {
        if (isAll()) {
            return Optional.of(entry);
        }
        return switch (entry) {
            case Point point when point.category() == Category.METRIC -> fields(source, point);
            case Point(Category category, String name, List<Tag> tags, var _, var _) ->
                    keep(entry, source, category.word(), name, name, tags);
            case Sample(String name, List<Tag> tags, var _, var _) ->
                    keep(entry, source, Category.METRIC.word(), name, name, tags);
            case Run run ->
                    keep(entry, source, Selector.RUN, run.collector(), run.input(), List.of());
            case CheckState state ->
                    keep(
                            entry,
                            state.source(),
                            Selector.CHECK_STATE,
                            state.source(),
                            state.source(),
                            List.of());
        };
    }

    private Optional<Entry> fields(String source, Point point) {
        List<Field> kept = new ArrayList<>(point.fields().size());
        for (Field field : point.fields()) {
            String metric = point.name() + "." + field.key();
            if (selects(source, Category.METRIC.word(), point.name(), metric, point.tags())) {
                kept.add(field);
            }
        }
        if (kept.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                kept.size() == point.fields().size()
                        ? point
                        : new Point(
                                point.category(),
                                point.name(),
                                point.tags(),
                                kept,
                                point.timeNs()));
    }

    private Optional<Entry> keep(
            Entry entry,
            String source,
            String category,
            String name,
            String metric,
            List<Tag> tags) {
        return selects(source, category, name, metric, tags)
                ? Optional.of(entry)
                : Optional.empty();
    }

    private boolean selects(
            String source, String category, String name, String metric, List<Tag> tags) {
        return (include.isEmpty() || any(include, source, category, name, metric, tags))
                && !any(exclude, source, category, name, metric, tags);
    }

    private static boolean any(
            List<Selector> selectors,
            String source,
            String category,
            String name,
            String metric,
            List<Tag> tags) {
        for (Selector selector : selectors) {
            if (selector.matches(source, category, name, metric, tags)) {
                return true;
            }
        }
        return false;
    }
}
