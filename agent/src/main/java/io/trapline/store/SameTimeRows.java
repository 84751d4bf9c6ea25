package io.trapline.store;

import io.trapline.model.Blob;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.period.SameTime;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;

/// The samples of checks: of one stream and one time a single row is kept, by [SameTime], also when
/// the others came in another batch.
///
/// A stream's samples mostly get newer and newer, and then nothing has to be looked up: the newest
/// time of each stream is remembered, and only what is not newer is compared with the table.
final class SameTimeRows {
    private static final int LOOKUP = 5000;
    private static final int GENERATION = 65_536;

    private final DuckDBConnection connection;
    private final Map<Key, Row> rows = new LinkedHashMap<>();
    private final Map<String, Long> more = new HashMap<>();
    private Map<Long, Long> young = new HashMap<>();
    private Map<Long, Long> old = new HashMap<>();

    /// Of all checks' samples, but for those of the batch in hand.
    private long newestNs;

    record Key(long stream, long timeNs, boolean histogram) {}

    /// @param doubtful whether the table may have the same
    private record Row(String source, SampleValue value, boolean doubtful) {}

    /// Takes the rows in the end.
    interface Sink {
        void append(long stream, long timeNs, SampleValue value) throws SQLException;
    }

    SameTimeRows(DuckDBConnection connection) throws SQLException {
        this.connection = connection;
        newestNs =
                OwnQueries.number(
                                        connection,
                                        "SELECT coalesce(max(epoch_us(time)), -9000000000000000)"
                                                + " FROM trapline.samples WHERE stream IN (SELECT"
                                                + " id FROM trapline.streams WHERE"
                                                + " starts_with(source, 'trap/'))")
                                * 1000
                        + 999;
    }

    static boolean concerns(String source) {
        return source.startsWith("trap/");
    }

    void add(long stream, String source, Sample sample) {
        long timeNs = sample.timeNs();
        long newest = newestOf(stream);
        boolean doubtful = timeNs <= newest;
        Key key = new Key(stream, timeNs, sample.value() instanceof SampleValue.Histogram);
        Row before = rows.get(key);
        rows.put(
                key,
                before == null
                        ? new Row(source, sample.value(), doubtful)
                        : new Row(
                                source,
                                SameTime.winner(before.value(), sample.value()),
                                before.doubtful()));
        young.put(stream, Math.max(newest, timeNs));
    }

    /// A forgotten stream may have had the newest sample of all.
    private long newestOf(long stream) {
        Long newest = young.get(stream);
        if (newest != null) {
            return newest;
        }
        newest = old.get(stream);
        if (young.size() >= GENERATION) {
            old = young;
            young = new HashMap<>();
        }
        return newest == null ? newestNs : newest;
    }

    /// @return how many rows that were there gave way
    long write(Sink out) throws SQLException {
        long replaced = replaceStored();
        for (Map.Entry<Key, Row> each : rows.entrySet()) {
            Key key = each.getKey();
            out.append(key.stream(), key.timeNs(), each.getValue().value());
            newestNs = Math.max(newestNs, key.timeNs());
            more.merge(each.getValue().source(), 1L, Long::sum);
        }
        rows.clear();
        return replaced;
    }

    /// How many rows more each source has since the last call.
    Map<String, Long> takeMore() {
        Map<String, Long> taken = Map.copyOf(more);
        more.clear();
        return taken;
    }

    private long replaceStored() throws SQLException {
        List<Key> doubtful = new ArrayList<>();
        rows.forEach((key, row) -> {
            if (row.doubtful()) {
                doubtful.add(key);
            }
        });
        long replaced = 0;
        for (int from = 0; from < doubtful.size(); from += LOOKUP) {
            replaced +=
                    replaceStored(doubtful.subList(from, Math.min(from + LOOKUP, doubtful.size())));
        }
        return replaced;
    }

    private long replaceStored(List<Key> some) throws SQLException {
        long least = Long.MAX_VALUE;
        long most = Long.MIN_VALUE;
        StringBuilder streams = new StringBuilder();
        for (Key key : some) {
            least = Math.min(least, key.timeNs());
            most = Math.max(most, key.timeNs());
            streams.append(streams.isEmpty() ? "" : ",").append(key.stream());
        }
        List<Long> replaced = new ArrayList<>();
        String sql =
                "SELECT rowid, stream, epoch_us(time), ns, type, value, text, histogram FROM"
                        + " trapline.samples WHERE time BETWEEN make_timestamp(?) AND"
                        + " make_timestamp(?) AND stream IN ("
                        + streams
                        + ") ORDER BY rowid";
        try (PreparedStatement query = connection.prepareStatement(sql)) {
            query.setLong(1, Math.floorDiv(least, 1000L));
            query.setLong(2, Math.floorDiv(most, 1000L));
            try (ResultSet found = query.executeQuery()) {
                while (found.next()) {
                    SampleValue value = value(found);
                    Key key =
                            new Key(
                                    found.getLong(2),
                                    found.getLong(3) * 1000 + found.getShort(4),
                                    value instanceof SampleValue.Histogram);
                    Row row = rows.get(key);
                    if (row != null) {
                        SampleValue winner = SameTime.winner(value, row.value());
                        rows.put(key, new Row(row.source(), winner, true));
                        more.merge(row.source(), -1L, Long::sum);
                        replaced.add(found.getLong(1));
                    }
                }
            }
        }
        delete(replaced);
        return replaced.size();
    }

    private void delete(List<Long> rowIds) throws SQLException {
        if (rowIds.isEmpty()) {
            return;
        }
        StringBuilder sql = new StringBuilder("DELETE FROM trapline.samples WHERE rowid IN (");
        Iterator<Long> each = rowIds.iterator();
        while (each.hasNext()) {
            sql.append(each.next()).append(each.hasNext() ? "," : ")");
        }
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate(sql.toString());
        }
    }

    private static SampleValue value(ResultSet row) throws SQLException {
        char letter = (char) row.getByte(5);
        double value = row.getDouble(6);
        boolean none = row.wasNull();
        @Nullable String text = row.getString(7);
        byte @Nullable [] histogram = row.getBytes(8);
        SampleType type = SampleType.ofLetter(letter);
        if (histogram != null) {
            return new SampleValue.Histogram(type, Blob.of(histogram));
        }
        if (type == SampleType.TEXT) {
            return text == null ? new SampleValue.Absent(type) : new SampleValue.Text(text);
        }
        if (none) {
            return new SampleValue.Absent(type);
        }
        return switch (type) {
            case DOUBLE -> new SampleValue.Real(value, text);
            case INT32, UINT32 -> new SampleValue.Whole(type, (long) value);
            case INT64 ->
                    new SampleValue.Whole(type, text == null ? (long) value : Long.parseLong(text));
            case UINT64 ->
                    new SampleValue.Whole(
                            type, text == null ? (long) value : Long.parseUnsignedLong(text));
            case TEXT, HISTOGRAM, CUMULATIVE_HISTOGRAM -> new SampleValue.Absent(type);
        };
    }
}
