package io.trapline.store;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Array;
import java.sql.Blob;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Struct;
import java.sql.Timestamp;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.duckdb.DuckDBStruct;
import org.duckdb.JsonNode;
import org.jspecify.annotations.Nullable;

/// What DuckDB's driver gives, as the cells of a [QueryResult]; counts what they take.
final class Cells {
    private static final DateTimeFormatter TIME =
            new DateTimeFormatterBuilder()
                    .append(DateTimeFormatter.ISO_LOCAL_DATE)
                    .appendLiteral('T')
                    .appendPattern("HH:mm:ss")
                    .appendFraction(ChronoField.NANO_OF_SECOND, 6, 9, true)
                    .appendLiteral('Z')
                    .toFormatter(Locale.ROOT);

    /// What an object takes besides its characters, more or less.
    private static final int OBJECT_BYTES = 40;

    /// The end of a day, which SQL has and Java has not: the driver fails at it.
    private static final String END_OF_DAY = "24:00:00";

    private final boolean[] isTimestamp;
    private final boolean[] isTime;
    private long bytes;

    Cells(ResultSetMetaData columns) throws SQLException {
        isTimestamp = new boolean[columns.getColumnCount()];
        isTime = new boolean[isTimestamp.length];
        for (int i = 0; i < isTimestamp.length; i++) {
            String type = columns.getColumnTypeName(i + 1);
            isTimestamp[i] = type.equals("TIMESTAMP");
            isTime[i] = type.equals("TIME") || type.equals("TIME_NS");
        }
    }

    /// About how much memory all cells so far take.
    long bytes() {
        return bytes;
    }

    List<@Nullable Object> row(ResultSet from) throws SQLException {
        List<@Nullable Object> row = new ArrayList<>(isTimestamp.length);
        for (int i = 0; i < isTimestamp.length; i++) {
            row.add(cell(value(from, i)));
        }
        return row;
    }

    private @Nullable Object value(ResultSet from, int column) throws SQLException {
        try {
            // The driver's java.sql.Timestamp lives in the machine's time zone; this type in none.
            return isTimestamp[column]
                    ? from.getObject(column + 1, LocalDateTime.class)
                    : from.getObject(column + 1);
        } catch (DateTimeException e) {
            if (isTime[column]) {
                return END_OF_DAY; // no other time of a day is beyond what Java has
            }
            throw e;
        }
    }

    private @Nullable Object cell(@Nullable Object value) throws SQLException {
        bytes += OBJECT_BYTES;
        return switch (value) {
            case null -> null;
            case Boolean yes -> yes;
            case Long number -> number;
            case Byte number -> number.longValue();
            case Short number -> number.longValue();
            case Integer number -> number.longValue();
            case BigInteger number -> number;
            case BigDecimal number -> number;
            case Double number -> real(number);
            case Float number -> real(Double.parseDouble(number.toString()));
            case String text -> text(text);
            case LocalDateTime time -> text(TIME.format(time));
            case Timestamp time -> text(TIME.format(time.toLocalDateTime()));
            case OffsetDateTime time ->
                    text(TIME.format(time.withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime()));
            case Blob blob ->
                    text(Base64.getEncoder().encodeToString(blob.getBytes(1, (int) blob.length())));
            case byte[] blob -> text(Base64.getEncoder().encodeToString(blob));
            case JsonNode json -> {
                bytes += 2L * json.toString().length();
                yield JsonCells.parse(json.toString());
            }
            case Map<?, ?> map -> map(map);
            case DuckDBStruct struct -> map(struct.getMap());
            case Struct struct -> list(struct.getAttributes());
            case Array array -> array.getArray() instanceof Object[] all ? list(all) : null;
            default -> text(value.toString());
        };
    }

    private String text(String text) {
        bytes += text.length();
        return text;
    }

    private static Object real(double number) {
        return Double.isFinite(number) ? (Object) number : Double.toString(number);
    }

    private Map<String, @Nullable Object> map(Map<?, ?> from) throws SQLException {
        Map<String, @Nullable Object> map = LinkedHashMap.newLinkedHashMap(from.size());
        for (Map.Entry<?, ?> entry : from.entrySet()) {
            map.put(text(key(cell(entry.getKey()))), cell(entry.getValue()));
        }
        return map;
    }

    /// A map's key, which JSON has as text.
    private static String key(@Nullable Object cell) {
        return switch (cell) {
            case null -> "";
            case List<?> list -> JsonCells.text(list);
            case Map<?, ?> map -> JsonCells.text(map);
            default -> cell.toString();
        };
    }

    private List<@Nullable Object> list(@Nullable Object[] from) throws SQLException {
        List<@Nullable Object> list = new ArrayList<>(from.length);
        for (Object element : from) {
            list.add(cell(element));
        }
        return list;
    }
}
