package io.trapline.store;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a store says of itself, for whoever holds it against the journal ([RowSums] has the
/// tables).
public final class StoreAccount {
    private static final String TAKEN =
            """
            SELECT s.position, t.door, t.hour, t.first, t.last, t.frames, t.entries, t.bad
            FROM trapline.state s LEFT JOIN (
                SELECT door, hour, min(first) AS first, max(last) AS last,
                    sum(frames)::BIGINT AS frames, sum(entries)::BIGINT AS entries,
                    sum(bad)::BIGINT AS bad
                FROM trapline.taken WHERE current GROUP BY door, hour) t ON true\
            """;

    /// One statement sees one moment.
    private static final String ROWS =
            """
            WITH counted AS (
                SELECT 'samples' AS kind, k.source, sum(c.n)::BIGINT AS n
                FROM (SELECT stream, count(*) AS n FROM trapline.samples GROUP BY stream) c
                    JOIN trapline.streams k ON k.id = c.stream
                GROUP BY k.source
                UNION ALL SELECT 'records', source, count(*) FROM trapline.records r
                    WHERE %s GROUP BY source
                UNION ALL SELECT 'runs', '', count(*) FROM trapline.runs r WHERE %s
                UNION ALL SELECT 'check_states', '', count(*) FROM trapline.check_states
                UNION ALL SELECT 'bad_frames', '', count(*) FROM trapline.bad_frames r WHERE %s),
            owed AS (
                SELECT kind, source, sum(came)::BIGINT AS came, sum(expired)::BIGINT AS expired
                FROM trapline.row_sums GROUP BY kind, source),
            compared AS (
                SELECT coalesce(o.kind, c.kind) AS kind, coalesce(o.source, c.source) AS source,
                    coalesce(o.came, 0) AS came, coalesce(o.expired, 0) AS expired,
                    coalesce(c.n, 0) AS n
                FROM owed o FULL JOIN counted c ON o.kind = c.kind AND o.source = c.source)
            SELECT kind, split_part(source, '/', 1) AS name, true AS whole, sum(came)::BIGINT,
                sum(expired)::BIGINT, sum(n)::BIGINT
            FROM compared GROUP BY kind, name HAVING sum(came) > 0 OR sum(n) > 0
            UNION ALL (
                SELECT kind, source, false, came, expired, n FROM compared
                WHERE came - expired <> n ORDER BY kind, source LIMIT 100)
            ORDER BY 3 DESC, 1, 2\
            """
                    .formatted(
                            RowSums.isRow(RowSums.RECORDS),
                            RowSums.isRow(RowSums.RUNS),
                            RowSums.isRow(RowSums.BAD_FRAMES));

    private StoreAccount() {}

    /// @param position the journal's, up to which all was taken
    public record Position(long position, List<Taken> taken) {
        public Position {
            taken = List.copyOf(taken);
        }
    }

    /// Frames of one door and hour.
    ///
    /// @param first position of the first of them
    /// @param bad how many of the frames were set aside
    public record Taken(
            String door, long hour, long first, long last, long frames, long entries, long bad) {}

    /// Rows of one kind, of all sources of a door or of one source.
    ///
    /// @param kind `samples`, `records`, `runs`, `check_states` or `bad_frames`
    /// @param name the door or the source; empty for kinds that are one sum
    /// @param whole whether `name` is a door
    /// @param came rows that were written, less those that others took the place of
    /// @param expired rows that retention deleted
    /// @param there rows that are there
    public record Rows(
            String kind, String name, boolean whole, long came, long expired, long there) {}

    public static Position position(Store store, Duration timeout) throws QueryException {
        List<Taken> taken = new ArrayList<>();
        long position = 0;
        for (List<@Nullable Object> row : ask(store, TAKEN, timeout)) {
            position = number(row, 0);
            if (row.get(1) != null) {
                taken.add(
                        new Taken(
                                String.valueOf(row.get(1)),
                                number(row, 2),
                                number(row, 3),
                                number(row, 4),
                                number(row, 5),
                                number(row, 6),
                                number(row, 7)));
            }
        }
        return new Position(position, taken);
    }

    /// Counts every row there is. Of doors all, of sources those whose sums do not agree.
    public static List<Rows> rows(Store store, Duration timeout) throws QueryException {
        List<Rows> all = new ArrayList<>();
        for (List<@Nullable Object> row : ask(store, ROWS, timeout)) {
            all.add(
                    new Rows(
                            String.valueOf(row.get(0)),
                            String.valueOf(row.get(1)),
                            Boolean.TRUE.equals(row.get(2)),
                            number(row, 3),
                            number(row, 4),
                            number(row, 5)));
        }
        return all;
    }

    private static List<List<@Nullable Object>> ask(Store store, String sql, Duration timeout)
            throws QueryException {
        return store.query(sql, timeout, Store.Asker.PRODUCT, () -> false).rows();
    }

    private static long number(List<@Nullable Object> row, int column) {
        return row.get(column) instanceof Number number ? number.longValue() : 0;
    }
}
