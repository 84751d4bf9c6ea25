package io.trapline.store;

import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Statements made of many equal parts. They are small, and what binding and planning them takes of
/// stack and time is not.
public final class Statements {
    private Statements() {}

    private static String around(String open, int times, String middle, String close) {
        return open.repeat(times) + middle + close.repeat(times);
    }

    private static String each(int times, IntFunction<String> part) {
        return IntStream.range(0, times).mapToObj(part).collect(Collectors.joining());
    }

    /// Each of another kind; most of them ended the process before they were refused.
    public static Stream<String> tooDeepOrWide() {
        return Stream.of(chains(), joined()).flatMap(List::stream);
    }

    private static List<String> chains() {
        return List.of(
                "SELECT 1" + "::INT".repeat(990),
                "SELECT '{}'::JSON" + "->'a'".repeat(900),
                "SELECT '{}'::JSON" + "->>'a'".repeat(900),
                "SELECT 1" + " IN (SELECT 1)".repeat(900),
                "SELECT 1" + "=ANY(SELECT 1)".repeat(100),
                "SELECT " + around("(SELECT ", 150, "1", ")"),
                around("FROM (", 300, "SELECT 1", ")"),
                "SELECT " + around("EXISTS(SELECT 1 WHERE ", 200, "true", ")"),
                "SELECT " + "NOT ".repeat(900) + "true",
                "SELECT " + "~ ".repeat(900) + "1",
                "SELECT 1" + "+1".repeat(900),
                "SELECT range" + "+range".repeat(400) + " FROM range(3)",
                "SELECT 'a'" + "||'a'".repeat(900),
                "SELECT 1" + " IS NULL".repeat(900),
                "SELECT 1" + " NOTNULL".repeat(900),
                "SELECT 'a'" + " COLLATE NOCASE".repeat(900),
                "SELECT now()" + " AT TIME ZONE 'UTC'".repeat(400),
                "SELECT [1]" + "[1:1]".repeat(400),
                "SELECT [1]" + "[1]".repeat(400),
                "SELECT 'a'" + ".lower()".repeat(400),
                "SELECT " + around("abs(", 400, "1", ")"),
                "SELECT " + around("[", 400, "1", "]"),
                "SELECT " + around("{'a':", 400, "1", "}"),
                "SELECT NULL::INT" + "[]".repeat(400),
                "SELECT " + around("CASE WHEN true THEN 1 ELSE ", 400, "1", " END"));
    }

    private static List<String> joined() {
        return List.of(
                "SELECT 1 FROM range(1)" + each(450, i -> " JOIN range(1) t" + i + " ON true"),
                "SELECT 1 FROM runs" + each(200, i -> ", runs t" + i),
                "SELECT 1 FROM metrics" + each(100, i -> " JOIN metrics t" + i + " USING (name)"),
                "SELECT 1 FROM (SELECT 1 AS a) t"
                        + each(
                                40,
                                i -> ", LATERAL (SELECT t" + (i == 0 ? "" : i - 1) + ".a) t" + i),
                "SELECT 1" + ", (SELECT 1)".repeat(100),
                "SELECT 1" + " EXCEPT SELECT 1".repeat(100),
                "SELECT 1" + " INTERSECT SELECT 1".repeat(100),
                "SELECT 1" + " UNION SELECT 1".repeat(700),
                around("SELECT 1 UNION ALL (", 160, "SELECT 1", ")"),
                "WITH c0 AS (SELECT 1)"
                        + each(100, i -> ", c" + (i + 1) + " AS (FROM c" + i + ")")
                        + " FROM c100",
                "WITH c0 AS (SELECT 1)"
                        + each(
                                40,
                                i ->
                                        ", c"
                                                + (i + 1)
                                                + " AS NOT MATERIALIZED (FROM c"
                                                + i
                                                + " UNION ALL FROM c"
                                                + i
                                                + ")")
                        + " FROM c40",
                around("WITH c AS (", 100, "SELECT 1", ") FROM c"),
                "SELECT "
                        + each(20, i -> "list_transform([1], lambda x" + i + ": ")
                        + "1"
                        + ")".repeat(20),
                "SELECT " + around("[", 20, "1", " for x in [1]]"),
                "SELECT 1"
                        + each(100, i -> ", sum(range) OVER (ORDER BY range + " + i + ")")
                        + " FROM range(3)",
                "SELECT 1 FROM range(3) GROUP BY ROLLUP (range"
                        + each(100, i -> ", range + " + i)
                        + ")",
                around("FROM (SUMMARIZE ", 20, "SELECT 1", ")"));
    }

    /// What people and their programs write.
    public static Stream<String> asPeopleWrite() {
        return Stream.of(
                "SELECT 1" + " UNION ALL SELECT 2 FROM metrics".repeat(100),
                "SELECT count(*) FROM metrics WHERE name = 'a'"
                        + each(60, i -> " OR name = 'b" + i + "'"),
                "SELECT CASE"
                        + each(200, i -> " WHEN value = " + i + " THEN " + i)
                        + " END"
                        + " FROM metrics",
                "SELECT count(*) FROM metrics m0"
                        + each(30, i -> " LEFT JOIN runs r" + i + " ON r" + i + ".input = m0.name"),
                "SELECT count(*) FROM metrics WHERE value IN (0" + each(1000, i -> "," + i) + ")",
                "SELECT 0" + "+ 1".repeat(100),
                "SELECT ''" + " || 'ab'".repeat(100),
                "SELECT 1" + each(500, i -> ", " + i + " AS c" + i),
                "VALUES (0)" + each(900, i -> ",(" + i + ")"),
                "WITH c0 AS (SELECT 1 AS a)"
                        + each(30, i -> ", c" + (i + 1) + " AS (SELECT a + 1 AS a FROM c" + i + ")")
                        + " FROM c30",
                "SELECT 1"
                        + each(20, i -> ", (SELECT count(*) FROM metrics WHERE value > " + i + ")"),
                "SELECT name"
                        + each(
                                20,
                                i -> ", avg(value) OVER (ORDER BY time ROWS " + i + " PRECEDING)")
                        + " FROM metrics",
                "SELECT " + around("coalesce(NULL, ", 40, "1", ")"),
                around("SELECT * FROM (", 20, "SELECT 1", ")"));
    }

    /// Up to the limits.
    public static Stream<String> asDeepAsTaken() {
        return Stream.of(
                "SELECT 1" + "::INT".repeat(140),
                "SELECT '{}'::JSON" + "->'a'".repeat(140),
                "SELECT 1" + " IN (SELECT 1)".repeat(58),
                "SELECT " + around("(SELECT ", 58, "1", ")"),
                around("SELECT * FROM (", 70, "SELECT 1", ")"),
                "SELECT " + "NOT ".repeat(140) + "true",
                "SELECT range" + "+range".repeat(140) + " FROM range(3)",
                "SELECT " + around("[", 100, "1", "]"),
                "SELECT " + around("CASE WHEN true THEN 1 ELSE ", 140, "1", " END"),
                "SELECT 1 FROM range(1)" + each(29, i -> " JOIN range(1) t" + i + " ON true"),
                "SELECT 1 FROM metrics" + each(50, i -> " JOIN metrics t" + i + " USING (name)"),
                "SELECT 1" + " EXCEPT SELECT 2".repeat(59),
                around("SELECT 1 UNION ALL (", 70, "SELECT 1", ")"),
                "WITH c0 AS (SELECT 1)"
                        + each(50, i -> ", c" + (i + 1) + " AS (FROM c" + i + ")")
                        + " FROM c50");
    }
}
