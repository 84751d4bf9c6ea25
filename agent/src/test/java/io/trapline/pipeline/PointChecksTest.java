package io.trapline.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Blob;
import io.trapline.model.Category;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.pipeline.Decoded.Warning;
import io.trapline.pipeline.PointChecks.Checked;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PointChecksTest {
    private static final Field F = new Field("f", new FieldValue.Real(1));

    private static Point point(Category category, List<Tag> tags, Field... fields) {
        return new Point(category, "m", tags, List.of(fields), 7);
    }

    private static Checked check(Point... points) {
        return PointChecks.check(List.of(points), false);
    }

    private static List<String> types(Checked checked) {
        return checked.warnings().stream().map(Warning::type).toList();
    }

    private static Field text(String key, String value) {
        return new Field(key, new FieldValue.Text(value));
    }

    private static Tag tag(String key, String value) {
        return new Tag(key, value);
    }

    @Test
    void a_point_without_fault_is_the_same_point() {
        Point point = point(Category.METRIC, List.of(tag("a", "b"), tag("e", "")), F);
        Checked checked = check(point);
        assertThat(checked.points().getFirst()).isSameAs(point);
        assertThat(checked.warnings()).isEmpty();
        assertThat(checked.dropped().isEmpty()).isTrue();
    }

    @Test
    void a_tag_wins_over_a_field_of_its_name_without_a_warning() {
        Checked checked = check(point(Category.NETWORK, List.of(tag("x", "t")), text("x", "1"), F));
        assertThat(checked.points().getFirst().fields()).containsExactly(F);
        assertThat(checked.warnings()).isEmpty();
    }

    @Test
    void text_and_bytes_of_a_metric_are_kept_with_a_warning() {
        Field bytes = new Field("b", new FieldValue.Bytes(Blob.of(new byte[] {1})));
        Checked checked = check(point(Category.METRIC, List.of(), text("s", "x"), bytes));
        assertThat(checked.points().getFirst().fields()).containsExactly(text("s", "x"), bytes);
        assertThat(types(checked))
                .containsExactly("invalid_field_value_type", "invalid_field_value_type");
    }

    @Test
    void a_metric_of_null_fields_alone_is_dropped_and_a_record_keeps_them() {
        Field nothing = new Field("n", new FieldValue.Null());
        Checked metric = check(point(Category.METRIC, List.of(), nothing));
        assertThat(metric.points()).isEmpty();
        assertThat(metric.dropped().stream()).containsExactly(0);
        Checked record = check(point(Category.KEYEVENT, List.of(), nothing));
        assertThat(record.points().getFirst().fields()).containsExactly(nothing);
        assertThat(types(record)).containsExactly("nil_field");
    }

    @Test
    void the_first_256_tags_and_1024_fields_are_kept() {
        List<Tag> tags = IntStream.range(0, 300).mapToObj(i -> tag("t" + i, "v")).toList();
        List<Field> fields = new ArrayList<>();
        IntStream.range(0, 1100)
                .forEach(i -> fields.add(new Field("f" + i, new FieldValue.Int(i))));
        Checked checked = check(new Point(Category.METRIC, "m", tags, fields, 7));
        assertThat(checked.points().getFirst().tags()).isEqualTo(tags.subList(0, 256));
        assertThat(checked.points().getFirst().fields()).isEqualTo(fields.subList(0, 1024));
        assertThat(types(checked)).containsExactly("exceed_max_tags", "exceed_max_fields");
    }

    @Test
    void long_names_keys_and_values_are_cut_between_characters() {
        Checked checked =
                PointChecks.check(
                        List.of(
                                new Point(
                                        Category.NETWORK,
                                        "é".repeat(600),
                                        List.of(tag("😀".repeat(65), "你".repeat(342))),
                                        List.of(new Field("k".repeat(257), F.value())),
                                        7)),
                        false);
        Point point = checked.points().getFirst();
        assertThat(point.name()).isEqualTo("é".repeat(512));
        assertThat(point.tags()).containsExactly(tag("😀".repeat(64), "你".repeat(341)));
        assertThat(point.fields().getFirst().key()).isEqualTo("k".repeat(256));
        assertThat(types(checked))
                .containsExactly(
                        "invalid_measurement",
                        "exceed_max_tag_key_len",
                        "exceed_max_tag_value_len",
                        "exceed_max_field_key_len");
    }

    @Test
    void texts_over_32_mebibytes_are_cut() {
        int limit = PointChecks.MAX_TEXT_BYTES;
        Checked checked =
                check(
                        point(
                                Category.NETWORK,
                                List.of(),
                                text("s", "x".repeat(limit + 1)),
                                new Field("b", new FieldValue.Bytes(Blob.of(new byte[limit + 1]))),
                                text("ok", "x".repeat(limit))));
        assertThat(checked.points().getFirst().fields())
                .extracting(field ->
                        switch (field.value()) {
                            case FieldValue.Text(String text) -> text.length();
                            case FieldValue.Bytes(Blob bytes) -> bytes.size();
                            default -> -1;
                        })
                .containsExactly(limit, limit, limit);
        assertThat(types(checked))
                .containsExactly("exceed_max_field_value_len", "exceed_max_field_value_len");
    }

    @Test
    void line_breaks_trailing_backslashes_and_empty_keys_are_mended() {
        Checked checked =
                check(
                        point(
                                Category.NETWORK,
                                List.of(tag("a\nb", "c\nd\\\\"), tag("\\", "v"), tag("", "v")),
                                new Field("f\\", F.value()),
                                new Field("", F.value())));
        assertThat(checked.points().getFirst().tags()).containsExactly(tag("a b", "c d"));
        assertThat(checked.points().getFirst().fields()).containsExactly(F);
    }

    @Test
    void keys_that_become_equal_by_mending_keep_the_first() {
        Checked checked =
                check(
                        point(
                                Category.NETWORK,
                                List.of(tag("a b", "1"), tag("a\nb", "2")),
                                F,
                                new Field("f\\", new FieldValue.Int(2))));
        assertThat(checked.points().getFirst().tags()).containsExactly(tag("a b", "1"));
        assertThat(checked.points().getFirst().fields()).containsExactly(F);
    }

    @Test
    void dots_become_underscores_in_logging_and_objects_unless_that_key_is_taken() {
        Point logging =
                point(
                        Category.LOGGING,
                        List.of(tag("a.b", "1"), tag("c.d", "2"), tag("c_d", "3")),
                        text("status", "ok"),
                        text("e.f", "x"));
        assertThat(check(logging).points().getFirst().tags())
                .containsExactly(tag("a_b", "1"), tag("c_d", "3"));
        assertThat(check(logging).points().getFirst().fields())
                .containsExactly(text("status", "ok"), text("e_f", "x"));
        Point metric = point(Category.METRIC, List.of(tag("a.b", "1")), F);
        assertThat(check(metric).points().getFirst()).isSameAs(metric);
    }

    @Test
    void required_keys_are_added_unless_a_tag_or_field_has_them() {
        assertThat(check(point(Category.LOGGING, List.of(), F)).points().getFirst().fields())
                .containsExactly(F, text("status", "info"));
        assertThat(check(point(Category.OBJECT, List.of(), F)).points().getFirst().fields())
                .containsExactly(F, text("name", "default"));
        assertThat(types(check(point(Category.OBJECT, List.of(tag("name", "")), F)))).isEmpty();
        assertThat(types(check(point(Category.CUSTOM_OBJECT, List.of(), F)))).isEmpty();
    }

    @Test
    void a_record_of_tags_alone_is_kept_where_a_key_is_added_to_it() {
        List<Tag> tags = List.of(tag("t", "v"));
        assertThat(check(point(Category.LOGGING, tags)).points().getFirst().fields())
                .containsExactly(text("status", "info"));
        assertThat(check(point(Category.OBJECT, tags)).points().getFirst().fields())
                .containsExactly(text("name", "default"));
        assertThat(check(point(Category.KEYEVENT, tags)).points()).isEmpty();
    }

    @Test
    void a_record_of_reserved_keys_alone_is_dropped_rather_than_filled_up() {
        Checked checked =
                check(point(Category.LOGGING, List.of(), text("source", "x"), text("date", "y")));
        assertThat(checked.points()).isEmpty();
        assertThat(types(checked)).containsExactly("field_disabled", "field_disabled", "no_field");
    }

    @Test
    void infinite_numbers_become_the_largest_integers_and_nan_no_value() {
        Checked checked =
                check(
                        point(
                                Category.NETWORK,
                                List.of(),
                                new Field("p", new FieldValue.Real(Double.POSITIVE_INFINITY)),
                                new Field("n", new FieldValue.Real(Double.NEGATIVE_INFINITY)),
                                new Field("x", new FieldValue.Real(Double.NaN))));
        assertThat(checked.points().getFirst().fields())
                .extracting(Field::value)
                .containsExactly(
                        new FieldValue.Real(0x1p64),
                        new FieldValue.Real(-0x1p63),
                        new FieldValue.Null());
    }

    @Test
    void rum_of_line_protocol_gets_the_tags_of_an_unknown_place() {
        Point rum = point(Category.RUM, List.of(tag("ip", "1.2.3.4")), F);
        assertThat(PointChecks.check(List.of(rum), true).points().getFirst().tags())
                .containsExactly(
                        tag("ip", "1.2.3.4"),
                        tag("city", "unknown"),
                        tag("country", "unknown"),
                        tag("isp", "unknown"),
                        tag("province", "unknown"));
        assertThat(check(rum).points().getFirst()).isSameAs(rum);
    }

    @Test
    void warnings_and_drops_name_the_points_as_they_came() {
        Checked checked =
                check(
                        point(Category.METRIC, List.of(), F),
                        point(Category.METRIC, List.of()),
                        point(Category.METRIC, List.of(), text("s", "x")));
        assertThat(checked.points()).hasSize(2);
        assertThat(checked.dropped().stream()).containsExactly(1);
        assertThat(checked.warnings()).extracting(Warning::point).containsExactly(1, 2);
    }
}
