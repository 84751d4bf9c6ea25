package io.trapline.web.page;

import io.trapline.store.QueryException;
import io.trapline.store.QueryResult;
import io.trapline.store.Store;
import io.trapline.store.Store.Asker;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The store as pages ask it: an answer that does not come becomes a sentence on the page, which
/// shows everything else all the same.
final class Ask {
    static final Duration PATIENCE = Duration.ofSeconds(10);

    /// For the overview, which must be there when the store is not.
    static final Duration IMPATIENCE = Duration.ofSeconds(2);

    private final Optional<Store> store;

    Ask(Optional<Store> store) {
        this.store = store;
    }

    /// @param error what kept the rows away, empty if nothing
    record Answer(List<String> columns, List<Row> rows, String error) {
        static final Answer NONE = new Answer(List.of(), List.of(), "");
    }

    /// Cells by their place. What is not there is an empty text or NaN.
    record Row(List<@Nullable Object> cells) {
        String text(int at) {
            Object cell = cells.get(at);
            return cell == null ? "" : String.valueOf(cell);
        }

        double number(int at) {
            return cells.get(at) instanceof Number number ? number.doubleValue() : Double.NaN;
        }

        long whole(int at) {
            return cells.get(at) instanceof Number number ? number.longValue() : 0;
        }

        @Nullable Object cell(int at) {
            return cells.get(at);
        }
    }

    Answer rows(String sql) {
        return rows(sql, PATIENCE);
    }

    Answer rows(String sql, Duration timeout) {
        return answer(sql, timeout, Asker.PRODUCT, () -> false);
    }

    /// Of somebody's own statement.
    Answer rows(String sql, Duration timeout, BooleanSupplier cancelled) {
        return answer(sql, timeout, Asker.PEOPLE, cancelled);
    }

    private Answer answer(String sql, Duration timeout, Asker asker, BooleanSupplier cancelled) {
        try {
            QueryResult result = ask(sql, timeout, asker, cancelled);
            return new Answer(result.columns(), result.rows().stream().map(Row::new).toList(), "");
        } catch (QueryException e) {
            return new Answer(List.of(), List.of(), String.valueOf(e.getMessage()));
        }
    }

    /// Of somebody's own statement.
    QueryResult result(String sql, Duration timeout, BooleanSupplier cancelled)
            throws QueryException {
        return ask(sql, timeout, Asker.PEOPLE, cancelled);
    }

    private QueryResult ask(String sql, Duration timeout, Asker asker, BooleanSupplier cancelled)
            throws QueryException {
        if (store.isEmpty()) {
            throw new QueryException(
                    "the store is switched off ([store] enabled = false in conf.d/trapline.conf)");
        }
        return store.get().query(sql, timeout, asker, cancelled);
    }
}
