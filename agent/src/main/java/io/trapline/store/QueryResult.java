package io.trapline.store;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The answer of a query, in the values that JSON knows.
///
/// A cell is null, a [Boolean], a [Number] ([Long], [java.math.BigInteger], [java.math.BigDecimal],
/// a finite [Double]), a [String], a [List] of cells, or a [java.util.Map] from [String] to cells.
/// Times are ISO-8601 texts in UTC (`2026-11-21T04:40:00.123456Z`), blobs base64, JSON columns what
/// the JSON says; the doubles that JSON has no number for are the texts `NaN`, `Infinity` and
/// `-Infinity`.
///
/// @param columns names as the query gives them; a name may be there twice
/// @param rows each as long as `columns`
public record QueryResult(List<String> columns, List<List<@Nullable Object>> rows) {
    public QueryResult {
        columns = List.copyOf(columns);
        List<List<@Nullable Object>> copy = new ArrayList<>(rows.size());
        for (List<@Nullable Object> row : rows) {
            if (row.size() != columns.size()) {
                throw new IllegalArgumentException(
                        "a row has " + row.size() + " cells for " + columns.size() + " columns");
            }
            copy.add(Collections.unmodifiableList(row));
        }
        rows = Collections.unmodifiableList(copy);
    }

    /// Reads what [ResultFormat#JSON] wrote: the answer of `POST /api/query`.
    ///
    /// @throws IOException when it is no such document
    public static QueryResult fromJson(InputStream in) throws IOException {
        return JsonCells.readResult(in);
    }
}
