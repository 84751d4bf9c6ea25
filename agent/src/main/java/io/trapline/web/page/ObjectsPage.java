package io.trapline.web.page;

import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.time.Instant;
import java.util.List;

/// The objects that were reported, each in its latest state. An object is what has the same
/// category, class, host and name.
///
/// @param known whether the store has said; if it has not, an empty list says nothing
/// @param more where the next page is, empty at the end
record ObjectsPage(Params params, boolean known, List<Item> objects, String more, String error) {
    private static final int PAGE = 50;
    static final String IDENTITY =
            "category, name, coalesce(tags['host'], ''), coalesce(tags['name'], fields->>'name', '')";

    record Item(RecordEntry latest, String called, String link, String when, long reports) {}

    String search() {
        return params.get("q");
    }

    static ObjectsPage of(Params params, Ask ask, Instant now) {
        long skip = Math.max(0, params.number("skip", 0));
        Answer found =
                ask.rows(
                        "SELECT "
                                + RecordEntry.COLUMNS
                                + ", reports, "
                                + IDENTITY
                                + " FROM (SELECT *, count(*) OVER (PARTITION BY "
                                + IDENTITY
                                + ") AS reports FROM records WHERE category IN"
                                + " ('object', 'custom_object') QUALIFY row_number() OVER"
                                + " (PARTITION BY "
                                + IDENTITY
                                + " ORDER BY time_ns DESC) = 1) WHERE true"
                                + Search.of(params.get("q")).sql()
                                + " ORDER BY name, category, 15, 14 LIMIT "
                                + (PAGE + 1)
                                + " OFFSET "
                                + skip);
        return new ObjectsPage(
                params,
                found.isKnown(),
                found.rows().stream().limit(PAGE).map(row -> item(row, now)).toList(),
                found.rows().size() > PAGE
                        ? params.with("skip", String.valueOf(skip + PAGE)).at("/ui/objects")
                        : "",
                ask.note(found));
    }

    private static Item item(Row row, Instant now) {
        RecordEntry latest = RecordEntry.of(row);
        return new Item(
                latest,
                row.text(14),
                Params.of(
                                "category",
                                latest.category(),
                                "class",
                                latest.name(),
                                "host",
                                row.text(13),
                                "name",
                                row.text(14))
                        .at("/ui/object"),
                Show.distance(Instant.parse(latest.time()), now),
                row.whole(10));
    }
}
