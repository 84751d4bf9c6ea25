package io.trapline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoreQueryTest {
    @TempDir static Path directory;
    private static StoreFixture fixture;

    @BeforeAll
    static void open() throws Exception {
        Files.writeString(directory.resolve("f.csv"), "a,b\n1,2\n");
        fixture = new StoreFixture(directory.resolve("store"));
        for (int i = 0; i < 3; i++) {
            fixture.accept(
                    "x", new Sample("a", List.of(), new SampleValue.Real(i), StoreFixture.NOW_NS));
        }
        assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(3L));
    }

    @AfterAll
    static void close() {
        fixture.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1",
                "select 1;",
                "  -- a comment\n select 1 -- and another;",
                "FROM metrics",
                "TABLE metrics",
                "VALUES (1), (2)",
                "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
                "SHOW TABLES",
                "DESCRIBE metrics",
                "DESCRIBE SELECT 1",
                "SUMMARIZE metrics",
                "EXPLAIN SELECT * FROM metrics",
                "explain analyze select 1",
                "PIVOT metrics ON type IN ('n', 's') USING count(*)",
                "UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b INTO NAME n VALUE v",
                "SELECT ';', 'drop table x; --'",
                "SELECT lpad('7', 3, '0'), range(3)",
                "SELECT list_transform(range(0, 400), lambda x: x + 1)",
                "SELECT [y * 2 for y in range(1000)], rpad(name, 40, ' ') FROM metrics",
                "SELECT * FROM range(10)",
                "SELECT reservoir_quantile(a, 0.5), reservoir_quantile(a, 0.5, 900) FROM range(9) t(a)",
                "SELECT repeat('.', 10 - 3), repeat('.', 2 * (3 + 4)), range(-(2 - 5))",
                "SELECT repeat('█', least(round(value)::INTEGER, 50)) FROM metrics",
                "SELECT rpad(name, least(40, len(name)::INTEGER), '.') FROM metrics",
                "SELECT bar(value, 0, 100, 50) FROM metrics",
                "SELECT b.generate_series FROM (SELECT min(time) AS a, max(time) AS b FROM metrics)"
                        + " t, generate_series(t.a, t.b, INTERVAL 1 MINUTE) b",
                "SELECT quantile_cont(value, 0.5) OVER (ORDER BY time) FROM metrics",
                "SELECT * FROM metrics WHERE time > now() - INTERVAL 1 HOUR",
                "SELECT repeat('x', '300'), list_resize([1], 3.0), repeat('x', 1_000), range('3')",
                "SELECT replace(name, 'a', 'bc'), concat_ws(', ', name, type), bar(value, 0, 9, 80)"
                        + " FROM metrics",
                "SELECT replace(repeat('x', 100), 'x', repeat('y', 100))",
                "SELECT string_agg(name, ', '), string_agg(name || '/' || type, ';') FROM metrics",
                "SELECT [v * 2 + y for y in range(100)] FROM (SELECT 1 AS v, range(100) AS l)",
                "WITH t AS (SELECT name || '.' || type AS a FROM metrics) SELECT repeat(a, 20) FROM t",
                "SELECT repeat('x', 20000) FROM (SELECT 1)",
                "SELECT lower(tags->>'b'), rpad(tags->>'b', 40, ' '), tags->'a'->'b' FROM metrics",
                "SELECT value::INT::VARCHAR, NULL::INT[100], '[1]'::INT[] FROM metrics",
                "SELECT count(*) FROM unnest(range(50000))",
            })
    void reading_is_allowed(String sql) throws Exception {
        assertThat(fixture.store().query(sql, StoreFixture.PATIENCE).rows()).isNotNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            textBlock =
                    """
                    SELECT repeat('=', round(value)::INTEGER) FROM metrics | least(round(value)::INTEGER, 50)
                    SELECT repeat('=', round(value)::INTEGER) FROM metrics | bar(value, 0, 100, 50)
                    SELECT lpad(name, max(len(name)) OVER (), ' ') FROM metrics | at most 1000
                    SELECT unnest(generate_series(min(time), max(time), INTERVAL 1 MINUTE)) FROM metrics | put the series into FROM
                    SELECT range(0, len(name)) FROM metrics | put the series into FROM
                    PIVOT metrics ON name USING avg(value) | add IN ('a', 'b')
                    """)
    void a_refusal_says_what_would_be_taken_instead(String sql, String hint) {
        assertThatThrownBy(() -> fixture.store().query(sql, StoreFixture.PATIENCE))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining(hint);
    }

    @Test
    void no_setting_is_advised_that_no_query_may_change() {
        assertThatThrownBy(() ->
                        fixture.store()
                                .query(
                                        "SELECT list_transform([1, 2], x -> x + 1)",
                                        StoreFixture.PATIENCE))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining("lambda")
                .message()
                .doesNotContain("SET ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM read_csv('/etc/passwd')",
                "SELECT * FROM read_text('/etc/passwd')",
                "SELECT * FROM read_blob('/etc/passwd')",
                "SELECT * FROM read_json('/etc/passwd')",
                "SELECT * FROM read_parquet('/etc/passwd')",
                "SELECT * FROM parquet_scan('/etc/passwd')",
                "SELECT * FROM sniff_csv('/etc/passwd')",
                "SELECT * FROM read_duckdb('/etc/passwd')",
                "SELECT * FROM glob('/etc/*')",
                "SELECT * FROM '%DIR%/f.csv'",
                "FROM '%DIR%/f.csv'",
                "SELECT * FROM \"%DIR%/f.csv\"",
                "SELECT * FROM 'https://127.0.0.1/f.parquet'",
                "SELECT * FROM query_table('%DIR%/f.csv')",
                "SELECT * FROM query('FROM ''%DIR%/f.csv''')",
                "DESCRIBE '%DIR%/f.csv'",
                "SUMMARIZE '%DIR%/f.csv'",
                "COPY metrics TO '%DIR%/out.csv'",
                "COPY (SELECT 1) TO '%DIR%/out.csv'",
                "COPY trapline.runs FROM '%DIR%/f.csv'",
                "EXPORT DATABASE '%DIR%/out'",
                "IMPORT DATABASE '%DIR%/out'",
                "ATTACH '%DIR%/out.db'",
                "ATTACH ':memory:' AS m",
                "DETACH store",
                "USE trapline",
                "INSTALL httpfs",
                "LOAD httpfs",
                "LOAD '%DIR%/x.duckdb_extension'",
                "UPDATE EXTENSIONS",
                "SET threads = 4",
                "SET GLOBAL enable_external_access = true",
                "SET lock_configuration = false",
                "SET schema = 'trapline'",
                "SET VARIABLE a = 1",
                "RESET threads",
                "PRAGMA threads = 4",
                "PRAGMA enable_profiling",
                "PRAGMA database_list",
                "CREATE TABLE z (a INT)",
                "CREATE TEMP TABLE z (a INT)",
                "CREATE VIEW z AS SELECT 1",
                "CREATE MACRO z(a) AS a",
                "CREATE SECRET z (TYPE s3)",
                "CREATE SEQUENCE z",
                "INSERT INTO trapline.state VALUES (1, 1)",
                "UPDATE trapline.state SET position = 0",
                "DELETE FROM trapline.samples",
                "TRUNCATE trapline.samples",
                "DROP TABLE trapline.samples",
                "DROP VIEW metrics",
                "ALTER TABLE trapline.samples ADD COLUMN b INT",
                "COMMENT ON VIEW metrics IS 'x'",
                "MERGE INTO trapline.state USING (SELECT 1 AS a) s ON true WHEN MATCHED THEN DELETE",
                "INSERT INTO trapline.state VALUES (1, 1) RETURNING *",
                "WITH d AS (DELETE FROM trapline.samples RETURNING *) SELECT * FROM d",
                "EXPLAIN ANALYZE DELETE FROM trapline.samples",
                "EXPLAIN SELECT 1; DROP VIEW metrics",
                "SELECT 1; DROP VIEW metrics",
                "SELECT 1; SELECT 2",
                "COMMIT; DROP VIEW metrics",
                "ROLLBACK; DELETE FROM trapline.samples; SELECT 1",
                "BEGIN",
                "COMMIT",
                "ROLLBACK",
                "CHECKPOINT",
                "FORCE CHECKPOINT",
                "SELECT * FROM checkpoint()",
                "SELECT * FROM force_checkpoint()",
                "VACUUM",
                "ANALYZE",
                "CALL pragma_version()",
                "CALL enable_logging()",
                "SELECT * FROM enable_profiling()",
                "SELECT * FROM truncate_duckdb_logs()",
                "SELECT * FROM duckdb_secrets()",
                "SELECT * FROM which_secret('x', 's3')",
                "SELECT * FROM arrow_scan(1, 2, 3)",
                "SELECT * FROM json_execute_serialized_sql('{}')",
                "SELECT * FROM range((SELECT count(*) FROM arrow_scan(1, 2, 3)))",
                "SELECT getenv('HOME')",
                "SELECT write_log('x')",
                "SELECT pg_sleep(1)",
                "SELECT nextval('z')",
                "SELECT repeat('x', 3000000000)",
                "SELECT length(lpad('x', 1000000000, 'y'))",
                "SELECT len(range(2000000000))",
                "SELECT len(range(-99999999, 5))",
                "SELECT len(list_transform(range(0, 100000), lambda x: range(0, 1000)))",
                "SELECT list_transform(range(0, 900), lambda a: list_transform(range(0, 900),"
                        + " lambda b: a + b))",
                "SELECT [range(2000) for x in [1, 2]]",
                "SELECT repeat(repeat('x', 10000), 1000)",
                "SELECT repeat(name, 5000) FROM metrics",
                "SELECT repeat('x', '3000000000')",
                "SELECT len(range('30000000'))",
                "SELECT bitstring('1', '200000000')",
                "SELECT list_resize([1], '30000000')",
                "SELECT lpad('x', '30000000', 'y')",
                "SELECT len(range(99999 * 99999))",
                "SELECT len(range(0 - 99999999))",
                "SELECT repeat('x', 100000 + 1)",
                "SELECT list_transform(range(300 * 300), lambda x: repeat('x', 900))",
                "SELECT len(range(least(value::BIGINT, 5), 900)) FROM metrics",
                "SELECT repeat('x', least(text, 50)) FROM metrics",
                "SELECT repeat('x', least('400000000', '50'))",
                "SELECT repeat('x', least(text::JSON, 50)) FROM metrics",
                "SELECT repeat('x', least(value::BIGINT, 5000)) FROM metrics",
                "SELECT repeat('x', least(value::BIGINT)) FROM metrics",
                "SELECT repeat('x', greatest(value::BIGINT, 50)) FROM metrics",
                "SELECT format('{:>1000000000}', 'x')",
                "SELECT format('{:>{}}', 'x', 1000000000)",
                "SELECT format(name, 1) FROM metrics",
                "SELECT printf('%1000000000d', 1)",
                "SELECT printf('%*d', 1000000000, 1)",
                "SELECT bitstring('1', 2000000000)",
                "SELECT reservoir_quantile(a, 0.5, 2000000000) FROM range(9) t(a)",
                "SELECT repeat('x', '300000000')",
                "SELECT repeat('x', $$300000000$$)",
                "SELECT repeat('x', ' +300000000 ')",
                "SELECT repeat('x', 3e8)",
                "SELECT repeat('x', 300000000.0)",
                "SELECT repeat('x', 300_000_000)",
                "SELECT repeat('x', '3e8')",
                "SELECT repeat('x', '0x11E1A300')",
                "SELECT repeat('x', x'30')",
                "SELECT length(lpad('x', '200000000', 'y'))",
                "SELECT length(rpad('x', '200000000', 'y'))",
                "SELECT len(list_resize([1], '200000000'))",
                "SELECT len(array_resize([1], 2e8))",
                "SELECT bitstring('1', '2000000000')",
                "SELECT len(range('300000000'))",
                "SELECT len(generate_series(0, '300000000'))",
                "SELECT repeat('{}'::JSON->'a', 300000000)",
                "SELECT repeat('x', 300000000)->'a'",
                "SELECT replace(repeat('x', 100000), tags->'a', repeat('y', 100000)) FROM metrics",
                "SELECT bar(1, 0, 1, 1000000000)",
                "SELECT equi_width_bins(0, 1000000000, 1000000000, false)",
                "SELECT length(regexp_replace(repeat('x', 30000), 'x', repeat('y', 100000), 'g'))",
                "SELECT length(replace(repeat('x', 100000), 'x', repeat('y', 100000)))",
                "SELECT array_to_string(range(100000), repeat('x', 100000))",
                "SELECT list_aggregate(['a', 'b'] || list_resize([], 1000, 'x'), 'string_agg',"
                        + " repeat('x', 100000))",
                "SELECT string_agg(range, repeat('x', 900)) FROM (SELECT unnest(range(1000))"
                        + " AS range, repeat('x', 900) AS r), (SELECT replace(repeat('x', 900),"
                        + " 'x', repeat('y', 900)))",
                "SELECT list_select([repeat('x', 100000)], list_resize([1], 100000, 1))",
                "SELECT range(100000) FROM range(2000)",
                "SELECT (SELECT range(100000)) FROM range(2000)",
                "SELECT range(100000), unnest(range(2000))",
                "SELECT l FROM (SELECT range(100000) AS l), range(2000)",
                "WITH t AS (SELECT range(100000) AS l) SELECT l FROM t, range(2000)",
                "WITH a AS (SELECT repeat('x', 1000) AS t FROM range(9)), b AS (SELECT"
                        + " replace(t, 'x', repeat('y', 1000)) AS t FROM a) FROM b",
                "WITH a AS (SELECT repeat('x', 1000) FROM range(9)), b(t) AS (FROM a), c AS (SELECT"
                        + " t || t || t || t || t || t || t || t || t || t || t AS t FROM b) FROM c",
                "SELECT range(1000) || range(1000) || range(1000) || range(1000) || range(1000)"
                        + " || range(1000) || range(1000) || range(1000) || range(1000), range(1000),"
                        + " list_transform(range(900), lambda x: range(11)) FROM metrics",
                "SELECT 'x' || \"repeat('x', 1000)\" || replace(\"repeat('x', 1000)\", 'x',"
                        + " repeat('y', 1000)) FROM (SELECT repeat('x', 1000) FROM metrics)",
                "SELECT list_transform(range(900), lambda x: range(900))",
                "SELECT NULL::INT[100000]",
                "SELECT NULL::INT[1000][1000]",
                "SELECT NULL::STRUCT(a INT[1000][1000])",
                "SELECT (repeat('[', 90000) || repeat(']', 90000))::JSON::VARIANT",
                "SELECT json_serialize_sql('SELECT ' || repeat('(', 90000) || '1')",
                "SELECT json_serialize_plan('SELECT 1' || repeat('::INT', 990))",
                "SELECT json_deserialize_sql('{}')",
                "PREPARE q AS SELECT 1",
                "EXECUTE q",
                "DEALLOCATE q",
                "SELECT ?",
                "",
                ";",
                "-- nothing",
                "kill 1",
            })
    void everything_else_is_refused(String sql) throws Exception {
        String there = sql.replace("%DIR%", directory.toString());
        assertThatThrownBy(() -> fixture.store().query(there, StoreFixture.PATIENCE))
                .isInstanceOf(QueryException.class);
        assertThat(
                        fixture.rows(
                                "SELECT count(*), (SELECT version FROM trapline.state) FROM metrics"))
                .containsExactly(List.of(3L, 1L));
        try (var files = Files.list(directory)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder("f.csv", "store");
        }
    }

    @Test
    void a_statement_that_is_too_long_or_too_deep_is_refused_before_it_is_parsed() {
        String deep = "SELECT " + "(".repeat(7000) + "1" + ")".repeat(7000);
        assertThatThrownBy(() -> fixture.store().query(deep, StoreFixture.PATIENCE))
                .hasMessage("the statement opens 7000 brackets, at most 1000 are taken");
        String deepest = "SELECT " + "(".repeat(300_000) + "1" + ")".repeat(300_000);
        assertThatThrownBy(() -> fixture.store().query(deepest, StoreFixture.PATIENCE))
                .hasMessageContaining("the statement has 600008 characters, at most 16384");
        String chain = "SELECT " + "NOT ".repeat(4000) + "true";
        assertThatThrownBy(() -> fixture.store().query(chain, StoreFixture.PATIENCE))
                .hasMessageContaining("depth");
        String name = "SELECT a" + ".a".repeat(7000);
        assertThatThrownBy(() -> fixture.store().query(name, StoreFixture.PATIENCE))
                .hasMessage(
                        "a name in the statement has 7001 parts joined by points, at most 32 are"
                                + " taken");
    }

    @ParameterizedTest
    @MethodSource("io.trapline.store.Statements#tooDeepOrWide")
    void a_statement_that_nests_or_joins_too_much_is_refused_before_it_is_bound(String sql) {
        assertThat(sql.length()).isLessThanOrEqualTo(16 << 10);
        assertThatThrownBy(() -> fixture.store().query(sql, StoreFixture.PATIENCE))
                .isInstanceOf(QueryException.class)
                .hasMessageMatching(
                        "the statement (.*[0-9]+.* are taken|is too deeply nested or too long)");
    }

    @ParameterizedTest
    @MethodSource("io.trapline.store.Statements#asPeopleWrite")
    void a_long_statement_as_people_write_them_is_answered(String sql) throws Exception {
        assertThat(fixture.store().query(sql, StoreFixture.PATIENCE).rows()).isNotEmpty();
    }

    @Test
    void every_time_of_a_day_can_be_shown_its_end_too() throws Exception {
        assertThat(
                        fixture.rows(
                                "SELECT TIME '24:00:00', TIME '12:30:00', TIME_NS '24:00:00',"
                                        + " NULL::TIME"))
                .hasToString("[[24:00:00, 12:30, 24:00:00, null]]");
        assertThat(fixture.rows("SELECT * EXCLUDE (time_tz) FROM test_all_types()")).hasSize(3);
        // The driver gives nothing of these, not even the offset.
        for (String sql : List.of("SELECT [TIME '24:00:00']", "SELECT '24:00:00+01'::TIMETZ")) {
            assertThatThrownBy(() -> fixture.rows(sql))
                    .isInstanceOf(QueryException.class)
                    .hasMessageContaining("cast it to VARCHAR");
        }
    }

    @Test
    void a_query_that_runs_away_is_ended() throws Exception {
        assertThatThrownBy(() ->
                        fixture.store()
                                .query(
                                        "SELECT count(*) FROM range(100000000000)",
                                        Duration.ofMillis(200)))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining("ended after 0.2 s");
        assertThat(fixture.rows("SELECT 1")).containsExactly(List.of(1L));
    }

    @Test
    void an_error_in_the_middle_says_what_it_is() {
        assertThatThrownBy(() ->
                        fixture.store()
                                .query(
                                        "SELECT CAST(range || 'x' AS INT) FROM range(10)",
                                        StoreFixture.PATIENCE))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining("Could not convert string");
    }

    @Test
    void too_much_memory_is_an_error_and_the_store_goes_on() throws Exception {
        assertThatThrownBy(() ->
                        fixture.store()
                                .query(
                                        "SELECT len(list(range)) FROM range(100000000)",
                                        StoreFixture.PATIENCE))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining("Out of Memory");
        assertThat(fixture.rows("SELECT 1")).containsExactly(List.of(1L));
    }

    @Test
    void too_many_rows_or_bytes_say_how_to_narrow_them() {
        assertThatThrownBy(() -> fixture.store().query("FROM range(100001)", StoreFixture.PATIENCE))
                .hasMessageContaining("more than 100000 rows")
                .hasMessageContaining("LIMIT");
        assertThatThrownBy(() ->
                        fixture.store()
                                .query(
                                        "SELECT repeat('x', 1000) FROM range(100000)",
                                        StoreFixture.PATIENCE))
                .hasMessageContaining("32 MiB");
    }

    @Test
    void an_order_is_kept() throws Exception {
        List<Object> sorted =
                fixture.rows("SELECT range FROM range(50000) ORDER BY hash(range), range").stream()
                        .map(List::getFirst)
                        .toList();
        assertThat(
                        fixture.rows(
                                "FROM (SELECT range, row_number() OVER (ORDER BY hash(range), range) AS n FROM range(50000)) ORDER BY n"))
                .extracting(List::getFirst)
                .isEqualTo(sorted);
    }

    @Test
    void a_closed_store_can_be_read_and_not_written(@TempDir Path other) throws Exception {
        StoreSettings settings = fixture.settings;
        assertThatThrownBy(() ->
                        LocalStore.queryClosed(other, settings, "SELECT 1", StoreFixture.PATIENCE))
                .hasMessageContaining("there is no store in");
        try (StoreFixture closed = new StoreFixture(other)) {
            closed.accept(
                    "x", new Sample("a", List.of(), new SampleValue.Real(1), StoreFixture.NOW_NS));
            assertThat(closed.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
        }
        assertThat(
                        LocalStore.queryClosed(
                                        other,
                                        settings,
                                        "SELECT name FROM metrics",
                                        StoreFixture.PATIENCE)
                                .rows())
                .containsExactly(List.of("a"));
        assertThatThrownBy(() ->
                        LocalStore.queryClosed(
                                other,
                                settings,
                                "SELECT * FROM read_text('/etc/passwd')",
                                StoreFixture.PATIENCE))
                .isInstanceOf(QueryException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "INTERNAL Error: Memory allocation failure | true",
                "FATAL Error: Failed: database has been invalidated because of a previous | true",
                "Invalid Input Error: FATAL Error: x | false",
                "Conversion Error: Could not convert string 'INTERNAL Error' to INT32 | false"
            })
    void a_statement_that_took_the_database_with_it_is_known_by_how_its_error_begins(
            String message, boolean over) {
        assertThat(LocalStore.isOver(new QueryException(message))).isEqualTo(over);
    }
}
