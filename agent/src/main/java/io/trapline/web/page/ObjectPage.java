package io.trapline.web.page;

import io.trapline.web.page.Ask.Answer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;

/// One object: what it is now, and what changed from report to report.
///
/// @param known whether the store has said; if it has not, nothing is missing
/// @param latest empty when the store has no report of it
/// @param error why this is not what the store has now; empty if it is
/// @param history newest first
/// @param older where the next page is, empty at the end
record ObjectPage(
        String title,
        String kind,
        boolean known,
        Optional<RecordEntry> latest,
        String when,
        List<Version> history,
        String older,
        String error) {
    private static final int PAGE = 50;

    /// @param before empty when the field is new, and `after` when it is gone
    record Change(String field, String before, String after) {}

    /// @param first whether the store has no earlier report to compare it with
    record Version(String time, String source, List<Change> changes, boolean first) {}

    static ObjectPage of(Params params, Ask ask, Instant now) {
        long skip = Math.max(0, params.number("skip", 0));
        String mine =
                " FROM records WHERE (%s) = (%s, %s, %s, %s) ORDER BY time_ns DESC, fields::VARCHAR LIMIT "
                        .formatted(
                                ObjectsPage.IDENTITY,
                                Sql.text(params.get("category")),
                                Sql.text(params.get("class")),
                                Sql.text(params.get("host")),
                                Sql.text(params.get("name")));
        Answer newest = ask.rows("SELECT " + RecordEntry.COLUMNS + mine + 1);
        Answer found =
                ask.rows("SELECT " + RecordEntry.COLUMNS + mine + (PAGE + 1) + " OFFSET " + skip);
        List<RecordEntry> reports = found.rows().stream().map(RecordEntry::of).toList();
        List<Version> history = new ArrayList<>();
        for (int i = 0; i < Math.min(PAGE, reports.size()); i++) {
            boolean first = i + 1 == reports.size();
            history.add(
                    new Version(
                            reports.get(i).time(),
                            reports.get(i).source(),
                            first ? List.of() : changes(reports.get(i + 1), reports.get(i)),
                            first));
        }
        Optional<RecordEntry> latest = newest.rows().stream().map(RecordEntry::of).findFirst();
        String name = params.get("name");
        return new ObjectPage(
                name.isEmpty() ? params.get("class") : name,
                params.get("class") + " · " + params.get("category").replace('_', ' '),
                newest.isKnown() && found.isKnown(),
                latest,
                latest.map(it -> Show.distance(Instant.parse(it.time()), now)).orElse(""),
                history,
                reports.size() > PAGE
                        ? params.with("skip", String.valueOf(skip + PAGE)).at("/ui/object")
                        : "",
                ask.note(newest, found));
    }

    private static List<Change> changes(RecordEntry before, RecordEntry after) {
        List<Change> changes = new ArrayList<>();
        compare(before.fields(), after.fields(), changes);
        compare(before.tags(), after.tags(), changes);
        return changes;
    }

    private static void compare(
            Map<String, String> before, Map<String, String> after, List<Change> changes) {
        TreeSet<String> keys = new TreeSet<>(before.keySet());
        keys.addAll(after.keySet());
        for (String key : keys) {
            if (!Objects.equals(before.get(key), after.get(key))) {
                changes.add(
                        new Change(key, before.getOrDefault(key, ""), after.getOrDefault(key, "")));
            }
        }
    }
}
