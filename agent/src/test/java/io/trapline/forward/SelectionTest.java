package io.trapline.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Category;
import io.trapline.model.CheckState;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectionTest {
    private static final List<Tag> PROD = List.of(new Tag("env", "prod"), new Tag("dc", "1"));
    private static final Map<String, Entry> ENTRIES =
            Map.of(
                    "cpu", metric("cpu", "usage", "idle"),
                    "log", new Point(Category.LOGGING, "nginx", PROD, List.of(), 1),
                    "sample", new Sample("q`len", PROD, new SampleValue.Real(1), 1),
                    "run", new Run("in", "Col", 1, 1, 1, Run.Outcome.OK, 1, ""),
                    "state", new CheckState(1, "trap/u", true, 1));

    private static Point metric(String name, String... fields) {
        List<Field> all =
                Arrays.stream(fields).map(key -> new Field(key, new FieldValue.Int(1))).toList();
        return new Point(Category.METRIC, name, PROD, all, 1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    # source     | entry | selector          | what is left
                    pythond/in/C | cpu   | names=cpu         | usage idle
                    pythond/in/C | cpu   | names=cpu.*       | usage idle
                    pythond/in/C | cpu   | names=cpu.us?ge   | usage
                    pythond/in/C | cpu   | names=mem         | none
                    pythond/in/C | cpu   | inputs=in         | usage idle
                    pythond/in/C | cpu   | inputs=i?         | usage idle
                    pythond/in/C | cpu   | inputs=other      | none
                    http/in      | cpu   | inputs=in         | usage idle
                    push/15      | cpu   | inputs=15         | none
                    push/15      | cpu   | sources=push/*    | usage idle
                    push/15      | cpu   | sources=push      | none
                    http/in      | log   | categories=logging| all
                    http/in      | log   | categories=metric | none
                    http/in      | log   | names=nginx       | all
                    trap/u       | sample| names=q`*         | all
                    trap/u       | sample| categories=metric | all
                    trap/u       | sample| tags=env:prod     | all
                    trap/u       | sample| tags=env:p*       | all
                    trap/u       | sample| tags=env:test     | none
                    trap/u       | sample| tags=nope:*       | none
                    pythond/in/C | run   | categories=run    | all
                    pythond/in/C | run   | inputs=in         | all
                    pythond/in/C | run   | names=cpu         | none
                    trap/u       | state | categories=check_state | all
                    trap/u       | state | sources=trap/u    | all
                    """)
    void an_entry_is_forwarded_when_it_fits_every_list(
            String source, String entry, String selector, String left) {
        Entry whole = java.util.Objects.requireNonNull(ENTRIES.get(entry));
        Selection include = new Selection(List.of(selector(selector)), List.of());
        Selection exclude = new Selection(List.of(), List.of(selector(selector)));

        assertThat(left(include, source, whole)).isEqualTo(left);
        // What an include leaves and what the same exclude leaves make up the whole.
        String others = left(exclude, source, whole);
        switch (left) {
            case "none" -> assertThat(others).isIn("all", "usage idle");
            case "usage" -> assertThat(others).isEqualTo("idle");
            default -> assertThat(others).isEqualTo("none");
        }
    }

    private static Selector selector(String text) {
        String[] parts = text.split("=", 2);
        List<Glob> globs = List.of(new Glob(parts[1]));
        List<Glob> none = List.of();
        return switch (parts[0]) {
            case "inputs" -> new Selector(globs, none, List.of(), none, Map.of());
            case "sources" -> new Selector(none, globs, List.of(), none, Map.of());
            case "categories" -> new Selector(none, none, List.of(parts[1]), none, Map.of());
            case "names" -> new Selector(none, none, List.of(), globs, Map.of());
            default -> {
                String[] tag = parts[1].split(":", 2);
                yield new Selector(none, none, List.of(), none, Map.of(tag[0], new Glob(tag[1])));
            }
        };
    }

    private static String left(Selection selection, String source, Entry entry) {
        return selection
                .apply(source, entry)
                .map(kept ->
                        kept instanceof Point point && point.category() == Category.METRIC
                                ? String.join(" ", point.fields().stream().map(Field::key).toList())
                                : "all")
                .orElse("none");
    }
}
