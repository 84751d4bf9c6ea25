package io.trapline.store;

import io.trapline.model.StreamName;
import io.trapline.model.Tag;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.duckdb.DuckDBConnection;

/// The numbers of streams: a bounded memory in front of the table `trapline.streams`.
///
/// A batch is taken in two rounds: [#want] for each of its values, then [#resolve], which asks the
/// table once for all that memory did not know and adds what the table did not know either. Then
/// every wanted number is there. Only the writer's thread may call any of it.
final class Streams {
    /// Series in each of the two generations: what was not used while this many others were is
    /// forgotten, and asked of the table again when it comes back.
    private static final int GENERATION = 32_768;

    /// Bytes of tags in each of them.
    private static final long GENERATION_BYTES = 12L << 20;

    private static final int LOOKUP = 10_000;

    /// Of a field beside its text.
    private static final int FIELD = 60;

    private final DuckDBConnection connection;
    private final Sink sink;
    private final int generation;
    private Map<Series.Key, Series> young = new HashMap<>();
    private Map<Series.Key, Series> old = new HashMap<>();
    private List<Wanted> wanted = new ArrayList<>();
    private long nextId;
    private long added;

    /// Bytes of texts of what is wanted, and of the young generation.
    private long wantedBytes;

    private long youngBytes;

    /// Takes the rows that the table did not have.
    interface Sink {
        void append(long id, long hash, Series.Key key, String name, String stream)
                throws SQLException;
    }

    private record Wanted(Series series, int place, String name, String stream, long hash) {}

    private record Identity(String source, String name, String stream)
            implements Comparable<Identity> {
        private static final Comparator<Identity> ORDER =
                Comparator.comparing(Identity::stream)
                        .thenComparing(Identity::name)
                        .thenComparing(Identity::source);

        @Override
        public int compareTo(Identity other) {
            return ORDER.compare(this, other);
        }
    }

    Streams(DuckDBConnection connection, Sink sink) throws SQLException {
        this(connection, sink, GENERATION);
    }

    Streams(DuckDBConnection connection, Sink sink, int generation) throws SQLException {
        this.connection = connection;
        this.sink = sink;
        this.generation = generation;
        nextId =
                OwnQueries.number(connection, "SELECT coalesce(max(id), 0) FROM trapline.streams")
                        + 1;
    }

    Series series(String source, String name, List<Tag> tags) {
        Series.Key key = new Series.Key(source, name, tags);
        Series series = young.get(key);
        if (series != null) {
            return series;
        }
        series = old.remove(key);
        if (series == null) {
            series = new Series(key);
        }
        if (young.size() >= generation || youngBytes >= GENERATION_BYTES) {
            old = young;
            young = new HashMap<>();
            youngBytes = 0;
        }
        young.put(key, series);
        youngBytes += WideRows.ofTags(tags);
        return series;
    }

    /// The place of a field in `series`, whose number is there after the next [#resolve].
    int want(Series series, String field, int hint) {
        int place = series.place(field, hint);
        if (place < 0) {
            place = series.add(field);
            youngBytes += FIELD + field.length();
            ask(series, place, series.key.name + "." + field);
        }
        return place;
    }

    /// The same for the stream that is named as the series itself.
    void wantOwn(Series series) {
        if (series.ownId() == Series.UNKNOWN) {
            ask(series, -1, series.key.name);
        }
    }

    private void ask(Series series, int place, String name) {
        String stream = StreamName.canonical(name, series.key.tags);
        wantedBytes += stream.length() + WideRows.ofTags(series.key.tags);
        wanted.add(new Wanted(series, place, name, stream, hash(series.key.source, stream)));
    }

    void resolve() throws SQLException {
        if (wanted.isEmpty()) {
            return;
        }
        Map<Identity, Long> known = new HashMap<>();
        for (int from = 0; from < wanted.size(); from += LOOKUP) {
            lookUp(wanted.subList(from, Math.min(from + LOOKUP, wanted.size())), known);
        }
        for (Wanted one : wanted) {
            Identity identity = new Identity(one.series.key.source, one.name, one.stream);
            Long id = known.get(identity);
            if (id == null) {
                id = nextId++;
                known.put(identity, id);
                sink.append(id, one.hash, one.series.key, one.name, one.stream);
                added++;
            }
            if (one.place < 0) {
                one.series.ownId(id);
            } else {
                one.series.id(one.place, id);
            }
        }
        wanted = new ArrayList<>();
        wantedBytes = 0;
    }

    /// Bytes of texts that [#resolve] will ask for.
    long wantedBytes() {
        return wantedBytes;
    }

    private void lookUp(List<Wanted> some, Map<Identity, Long> known) throws SQLException {
        StringBuilder sql =
                new StringBuilder(
                        "SELECT id, source, name, stream FROM trapline.streams WHERE hash IN (");
        for (int i = 0; i < some.size(); i++) {
            sql.append(i == 0 ? "" : ",").append(some.get(i).hash);
        }
        try (PreparedStatement query = connection.prepareStatement(sql.append(')').toString());
                ResultSet rows = query.executeQuery()) {
            while (rows.next()) {
                known.put(
                        new Identity(rows.getString(2), rows.getString(3), rows.getString(4)),
                        rows.getLong(1));
            }
        }
    }

    /// Rows that were added since the last call.
    long takeAdded() {
        long count = added;
        added = 0;
        return count;
    }

    /// Rows may have gone from the table.
    void forget() {
        young = new HashMap<>();
        old = new HashMap<>();
        wanted = new ArrayList<>();
        wantedBytes = 0;
        youngBytes = 0;
    }

    /// A category given twice is there once, its values joined with a comma.
    static Map<String, String> tagMap(List<Tag> tags) {
        Map<String, String> map = LinkedHashMap.newLinkedHashMap(tags.size());
        for (Tag tag : tags) {
            map.merge(tag.key(), tag.value(), (first, second) -> first + "," + second);
        }
        return map;
    }

    /// FNV-1a over the UTF-16 units, 64 bits: only narrows the look-up, the texts decide.
    private static long hash(String source, String stream) {
        return hash(hash(hash(0xcbf29ce484222325L, source), "\n"), stream);
    }

    private static long hash(long start, String text) {
        long hash = start;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }
}
