package io.trapline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Blob;
import io.trapline.model.Category;
import io.trapline.model.CheckState;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreMappingTest {
    private static final long TIME = StoreFixture.NOW_NS + 123_456_789;

    @TempDir Path directory;
    private StoreFixture fixture;

    @BeforeEach
    void open() {
        fixture = new StoreFixture(directory);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void each_field_of_a_metric_point_is_a_stream() throws Exception {
        fixture.accept(
                "http/nginx",
                metric(
                        new Field("real", new FieldValue.Real(1.5)),
                        new Field(
                                "digits",
                                new FieldValue.Real(9.007199254740992e15, "9007199254740993")),
                        new Field("int", new FieldValue.Int(-7)),
                        new Field("big", new FieldValue.Int(Long.MAX_VALUE)),
                        new Field("uint", new FieldValue.UInt(-1L)),
                        new Field("edge", new FieldValue.UInt(Long.MIN_VALUE)),
                        new Field("yes", new FieldValue.Bool(true)),
                        new Field("no", new FieldValue.Bool(false)),
                        new Field("text", new FieldValue.Text("é")),
                        new Field("bytes", new FieldValue.Bytes(Blob.of(new byte[] {1, 2, 3}))),
                        new Field(
                                "array",
                                new FieldValue.Array(
                                        List.of(new FieldValue.Int(1), new FieldValue.Int(2)))),
                        new Field("none", new FieldValue.Null())));

        assertThat(
                        fixture.rows(
                                "SELECT name, type, value, text, histogram FROM metrics ORDER BY name"))
                .containsExactly(
                        row("m.array", "s", null, "[1,2]", null),
                        row("m.big", "l", 9.223372036854776e18, "9223372036854775807", null),
                        row("m.bytes", "s", null, "AQID", null),
                        row("m.digits", "n", 9.007199254740992e15, "9007199254740993", null),
                        row("m.edge", "L", 9.223372036854776e18, "9223372036854775808", null),
                        row("m.int", "l", -7.0, "-7", null),
                        row("m.no", "i", 0.0, null, null),
                        row("m.real", "n", 1.5, null, null),
                        row("m.text", "s", null, "é", null),
                        row("m.uint", "L", 1.8446744073709552e19, "18446744073709551615", null),
                        row("m.yes", "i", 1.0, null, null));
    }

    @Test
    void a_metric_row_has_the_published_columns() throws Exception {
        fixture.accept("http/nginx", metric(new Field("f", new FieldValue.Int(1))));

        assertThat(fixture.rows("SELECT * FROM metrics"))
                .containsExactly(
                        row(
                                "2026-11-21T04:40:00.123456Z",
                                TIME,
                                "http/nginx",
                                "m.f",
                                Map.of("host", "web01"),
                                "m.f|ST[host:web01]",
                                "l",
                                1.0,
                                "1",
                                null));
        assertThat(fixture.rows("SELECT column_name || ' ' || column_type FROM (DESCRIBE metrics)"))
                .extracting(List::getFirst)
                .containsExactlyElementsOf(
                        List.of(
                                "time TIMESTAMP",
                                "time_ns BIGINT",
                                "source VARCHAR",
                                "name VARCHAR",
                                "tags MAP(VARCHAR, VARCHAR)",
                                "stream VARCHAR",
                                "type VARCHAR",
                                "value DOUBLE",
                                "text VARCHAR",
                                "histogram BLOB"));
    }

    @Test
    void samples_keep_their_type_and_tags() throws Exception {
        List<Tag> tags = List.of(new Tag("b", "2"), new Tag("b", "1"), new Tag("MT:unit", "s"));
        fixture.accept(
                "trap/x",
                sample("absent", List.of(), new SampleValue.Absent(SampleType.INT64)),
                sample(
                        "histogram",
                        List.of(),
                        new SampleValue.Histogram(
                                SampleType.CUMULATIVE_HISTOGRAM, Blob.of(new byte[] {0, 1}))),
                sample("int32", List.of(), new SampleValue.Whole(SampleType.INT32, -3)),
                sample("int64", List.of(), new SampleValue.Whole(SampleType.INT64, Long.MIN_VALUE)),
                sample("real", tags, new SampleValue.Real(2.5)),
                sample("text", List.of(), new SampleValue.Text("")),
                sample(
                        "uint32",
                        List.of(),
                        new SampleValue.Whole(SampleType.UINT32, 4_000_000_000L)),
                sample("uint64", List.of(), new SampleValue.Whole(SampleType.UINT64, 5)));

        assertThat(
                        fixture.rows(
                                "SELECT name, type, value, text, histogram, tags, stream FROM metrics ORDER BY name"))
                .containsExactly(
                        row("absent", "l", null, null, null, Map.of(), "absent"),
                        row("histogram", "H", null, null, "AAE=", Map.of(), "histogram"),
                        row("int32", "i", -3.0, null, null, Map.of(), "int32"),
                        row(
                                "int64",
                                "l",
                                -9.223372036854776e18,
                                "-9223372036854775808",
                                null,
                                Map.of(),
                                "int64"),
                        row(
                                "real",
                                "n",
                                2.5,
                                null,
                                null,
                                Map.of("b", "2,1", "MT:unit", "s"),
                                "real|ST[b:1,b:2]|MT{unit:s}"),
                        row("text", "s", null, "", null, Map.of(), "text"),
                        row("uint32", "I", 4e9, null, null, Map.of(), "uint32"),
                        row("uint64", "L", 5.0, "5", null, Map.of(), "uint64"));
    }

    @Test
    void what_JSON_has_no_number_for_comes_as_text() throws Exception {
        fixture.accept(
                "trap/x",
                sample("a", List.of(), new SampleValue.Real(Double.NaN)),
                sample("b", List.of(), new SampleValue.Real(Double.NEGATIVE_INFINITY)));

        assertThat(fixture.rows("SELECT value FROM metrics ORDER BY name"))
                .containsExactly(row("NaN"), row("-Infinity"));
    }

    @Test
    void the_same_stream_and_time_twice_are_two_rows() throws Exception {
        fixture.accept("push/1", sample("a", List.of(), new SampleValue.Real(1)));
        fixture.accept("push/1", sample("a", List.of(), new SampleValue.Real(1)));

        assertThat(fixture.rows("SELECT count(*), count(DISTINCT stream) FROM metrics"))
                .containsExactly(row(2L, 1L));
        assertThat(fixture.store().status().streams()).isEqualTo(1);
    }

    @Test
    void a_sample_and_a_field_of_one_name_do_not_mix() throws Exception {
        Point point =
                new Point(
                        Category.METRIC,
                        "a",
                        List.of(),
                        List.of(new Field("", new FieldValue.Int(1))),
                        TIME);
        fixture.accept("x", point, sample("a", List.of(), new SampleValue.Real(2)));

        assertThat(fixture.rows("SELECT name, value FROM metrics ORDER BY name"))
                .containsExactly(row("a", 2.0), row("a.", 1.0));
    }

    @Test
    void times_before_1970_and_at_the_end_of_64_bits_keep_their_nanoseconds() throws Exception {
        fixture.settings = new StoreSettings(java.time.Duration.ofDays(365_000), 128L << 20);
        for (long time : new long[] {-1, 0, Long.MAX_VALUE}) {
            fixture.accept("x", new Sample("a", List.of(), new SampleValue.Real(1), time));
        }

        assertThat(fixture.rows("SELECT time, time_ns FROM metrics ORDER BY time"))
                .containsExactly(
                        row("1969-12-31T23:59:59.999999Z", -1L),
                        row("1970-01-01T00:00:00.000000Z", 0L),
                        row("2262-04-11T23:47:16.854775Z", Long.MAX_VALUE));
    }

    @Test
    void records_keep_their_fields_as_JSON() throws Exception {
        fixture.accept(
                "http/app",
                new Point(
                        Category.LOGGING,
                        "app",
                        List.of(new Tag("level", "warn")),
                        List.of(
                                new Field("message", new FieldValue.Text("a\n\"b\"")),
                                new Field("int", new FieldValue.Int(Long.MAX_VALUE)),
                                new Field("uint", new FieldValue.UInt(-1)),
                                new Field("real", new FieldValue.Real(0.5)),
                                new Field(
                                        "digits",
                                        new FieldValue.Real(1e19, "10000000000000000001")),
                                new Field("yes", new FieldValue.Bool(true)),
                                new Field("bytes", new FieldValue.Bytes(Blob.of(new byte[] {1}))),
                                new Field(
                                        "array",
                                        new FieldValue.Array(List.of(new FieldValue.Text("x")))),
                                new Field("nested", new FieldValue.Json("{\"a\":[1,\"b\",null]}")),
                                new Field("none", new FieldValue.Null())),
                        TIME));

        List<List<@Nullable Object>> rows = fixture.rows("SELECT * FROM logging");
        assertThat(rows).hasSize(1);
        assertThat(rows.getFirst().subList(0, 6))
                .isEqualTo(
                        row(
                                "2026-11-21T04:40:00.123456Z",
                                TIME,
                                "logging",
                                "http/app",
                                "app",
                                Map.of("level", "warn")));
        assertThat(JsonCells.text(rows.getFirst().get(6)))
                .isEqualTo(
                        "{\"message\":\"a\\n\\\"b\\\"\",\"int\":9223372036854775807,"
                                + "\"uint\":18446744073709551615,\"real\":0.5,"
                                + "\"digits\":10000000000000000001,\"yes\":true,"
                                + "\"bytes\":\"AQ==\",\"array\":[\"x\"],"
                                + "\"nested\":{\"a\":[1,\"b\",null]},\"none\":null}");
        assertThat(fixture.rows("SELECT fields->>'message', fields->>'$.nested.a[1]' FROM records"))
                .containsExactly(row("a\n\"b\"", "b"));
    }

    @Test
    void each_category_has_its_view() throws Exception {
        for (Category category : Category.values()) {
            fixture.accept(
                    "x",
                    new Point(
                            category,
                            category.word(),
                            List.of(),
                            List.of(new Field("f", new FieldValue.Int(1))),
                            TIME));
        }

        assertThat(fixture.rows("SELECT category FROM records ORDER BY category"))
                .containsExactly(
                        row("custom_object"),
                        row("keyevent"),
                        row("logging"),
                        row("network"),
                        row("object"),
                        row("rum"),
                        row("security"),
                        row("tracing"));
        for (String view : List.of("logging", "rum", "object", "custom_object", "keyevent")) {
            assertThat(fixture.rows("SELECT name FROM " + view)).containsExactly(row(view));
        }
    }

    @Test
    void runs_and_check_states_are_tables_of_their_own() throws Exception {
        fixture.accept(
                "pythond/a/B",
                new Run(
                        "a",
                        "B",
                        TIME,
                        TIME + 1_000_000,
                        2_500_000,
                        Run.Outcome.ERROR,
                        3,
                        "Traceback",
                        "web01"),
                new CheckState(TIME, "trap/x", false, 12));

        assertThat(fixture.rows("SELECT * FROM runs"))
                .containsExactly(
                        row(
                                "2026-11-21T04:40:00.123456Z",
                                "2026-11-21T04:40:00.124456Z",
                                2.5,
                                "a",
                                "B",
                                "error",
                                3L,
                                "Traceback",
                                "web01",
                                "2026-11-21T04:40:00.124456Z"));
        assertThat(fixture.rows("SELECT * FROM check_states"))
                .containsExactly(row("2026-11-21T04:40:00.123456Z", "trap/x", false, 12L));
    }

    @Test
    void people_see_the_views_and_no_table_of_ours() throws Exception {
        assertThat(fixture.rows("SHOW TABLES"))
                .extracting(List::getFirst)
                .isEqualTo(
                        List.of(
                                "check_states",
                                "custom_object",
                                "histogram_bins",
                                "histograms",
                                "keyevent",
                                "logging",
                                "metrics",
                                "object",
                                "records",
                                "rum",
                                "runs"));
    }

    @Test
    void every_type_of_the_database_can_be_shown() throws Exception {
        // The driver has no value for 24:00 with a zone.
        assertThat(fixture.rows("SELECT * EXCLUDE (time_tz) FROM test_all_types()")).hasSize(3);
        assertThatThrownBy(() -> fixture.rows("SELECT time_tz FROM test_all_types()"))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining("cast it to VARCHAR");
        assertThat(
                        fixture.rows(
                                "SELECT 170141183460469231731687303715884105727::HUGEINT, 1.10::DECIMAL(5,2), DATE '2026-11-21', {'a': [TIMESTAMP '2026-11-21 04:40:00']}, MAP {1: 'x'}, TIMESTAMPTZ '2026-11-21 04:40:00+08', INTERVAL 1 DAY, NULL"))
                .containsExactly(
                        row(
                                new BigInteger("170141183460469231731687303715884105727"),
                                new java.math.BigDecimal("1.10"),
                                "2026-11-21",
                                Map.of("a", List.of("2026-11-21T04:40:00.000000Z")),
                                Map.of("1", "x"),
                                "2026-11-20T20:40:00.000000Z",
                                "1 day",
                                null));
    }

    private static Point metric(Field... fields) {
        return new Point(
                Category.METRIC, "m", List.of(new Tag("host", "web01")), List.of(fields), TIME);
    }

    private static Sample sample(String name, List<Tag> tags, SampleValue value) {
        return new Sample(name, tags, value, TIME);
    }

    private static List<@Nullable Object> row(@Nullable Object... cells) {
        return Arrays.asList(cells);
    }
}
