package io.trapline.web.page;

import io.trapline.model.PlainNumber;
import io.trapline.store.QueryException;
import io.trapline.store.QueryException.Reason;
import io.trapline.store.QueryResult;
import io.trapline.store.Store;
import io.trapline.store.Store.Asker;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The store as pages ask it: an answer that does not come becomes a sentence on the page, which
/// shows everything else all the same, and what the store said to the same page before, with its
/// age.
final class Ask {
    static final Duration PATIENCE = Duration.ofSeconds(10);

    /// For the overview, which must be there when the store is not.
    static final Duration IMPATIENCE = Duration.ofSeconds(2);

    private static final String OFF =
            "The store is switched off ([store] enabled = false in conf.d/trapline.conf)";
    private static final Pattern TIMES = Pattern.compile("TIMESTAMP '[^']*'");

    private final Optional<Store> store;
    private final InstantSource clock;
    private final Memory memory;

    /// The page that asks; null when nothing is to be remembered.
    private final @Nullable String page;

    /// What kept the store from answering this page: it is not waited for once more.
    private String silent = "";

    Ask(Optional<Store> store) {
        this(store, InstantSource.system());
    }

    Ask(Optional<Store> store, InstantSource clock) {
        this(store, clock, new Memory(), null);
    }

    private Ask(Optional<Store> store, InstantSource clock, Memory memory, @Nullable String page) {
        this.store = store;
        this.clock = clock;
        this.memory = memory;
        this.page = page;
    }

    /// For one page: what it asks is answered from memory when the store is silent, and a store
    /// that was silent once is not waited for again. One thread uses it.
    ///
    /// @param address the page with all that was chosen on it; its time may move on
    Ask on(String address) {
        return new Ask(store, clock, memory, address);
    }

    /// @param error what kept the rows away, or up-to-date rows; empty if nothing
    /// @param asOf when the store gave these rows, if it is silent now
    record Answer(List<String> columns, List<Row> rows, String error, Optional<Instant> asOf) {
        static final Answer NONE = new Answer(List.of(), List.of(), "");

        Answer(List<String> columns, List<Row> rows, String error) {
            this(columns, rows, error, Optional.empty());
        }

        /// Whether the rows are what there is, or was. Otherwise nothing can be said: that there
        /// are none least of all.
        boolean isKnown() {
            return error.isEmpty() || asOf.isPresent();
        }
    }

    /// For people, of all that a page was answered: what kept rows away, and how old those are that
    /// are shown instead; empty when all are those of now.
    String note(Answer... answers) {
        List<Answer> silent =
                Arrays.stream(answers).filter(answer -> !answer.error().isEmpty()).toList();
        Optional<Instant> oldest =
                silent.stream()
                        .flatMap(answer -> answer.asOf().stream())
                        .min(Comparator.naturalOrder());
        return silent.isEmpty()
                ? ""
                : silent.getFirst().error()
                        + oldest.map(at ->
                                        " What is shown here is what it answered "
                                                + Show.distance(at, clock.instant())
                                                + ".")
                                .orElse("");
    }

    /// Cells by their place. What is not there is an empty text or NaN.
    record Row(List<@Nullable Object> cells) {
        String text(int at) {
            return Show.value(cells.get(at));
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
        String key = page == null ? "" : page + "\n" + TIMES.matcher(sql).replaceAll("TIMESTAMP");
        if (!silent.isEmpty()) {
            return instead(key, silent);
        }
        try {
            Answer answer = answer(sql, timeout, Asker.PRODUCT, () -> false);
            if (page != null) {
                memory.keep(
                        key,
                        new Answer(
                                answer.columns(), answer.rows(), "", Optional.of(clock.instant())));
            }
            return answer;
        } catch (QueryException e) {
            String error = told(e, timeout);
            if (page != null && e.reason() != Reason.STATEMENT) {
                silent = error;
            }
            return instead(key, error);
        }
    }

    /// The same, but what the store answered less than `fresh` ago is good enough: for what is
    /// asked over and over and changes slowly.
    Answer rows(String sql, Duration timeout, Duration fresh) {
        Optional<Answer> last = memory.of(page + "\n" + TIMES.matcher(sql).replaceAll("TIMESTAMP"));
        Instant since = clock.instant().minus(fresh);
        return last.filter(answer -> answer.asOf().filter(since::isBefore).isPresent())
                .map(answer -> new Answer(answer.columns(), answer.rows(), ""))
                .orElseGet(() -> rows(sql, timeout));
    }

    private Answer instead(String key, String error) {
        return memory.of(key)
                .map(last -> new Answer(last.columns(), last.rows(), error, last.asOf()))
                .orElseGet(() -> new Answer(List.of(), List.of(), error));
    }

    /// For a page on which nobody wrote a statement.
    private String told(QueryException e, Duration timeout) {
        if (store.isEmpty()) {
            return OFF + ".";
        }
        String busy =
                "The store is busy: it did not answer within "
                        + PlainNumber.of(timeout.toMillis() / 1000.0)
                        + " s.";
        return switch (e.reason()) {
            case TIME, BUSY ->
                    timeout.compareTo(PATIENCE) < 0
                            ? busy
                            : busy
                                    + " Try again; where there is a time to choose, a shorter one"
                                    + " is answered sooner.";
            case NOT_OPEN -> "The store is not open (yet).";
            case CANCELLED, STATEMENT -> "The store could not answer: " + e.getMessage();
        };
    }

    /// For the console: an answer, or what the store says of the statement.
    Answer statement(String sql, Duration timeout, BooleanSupplier cancelled) {
        try {
            return answer(sql, timeout, Asker.PEOPLE, cancelled);
        } catch (QueryException e) {
            return new Answer(List.of(), List.of(), String.valueOf(e.getMessage()));
        }
    }

    private Answer answer(String sql, Duration timeout, Asker asker, BooleanSupplier cancelled)
            throws QueryException {
        QueryResult result = ask(sql, timeout, asker, cancelled);
        return new Answer(result.columns(), result.rows().stream().map(Row::new).toList(), "");
    }

    /// Of somebody's own statement.
    QueryResult result(String sql, Duration timeout, BooleanSupplier cancelled)
            throws QueryException {
        return ask(sql, timeout, Asker.PEOPLE, cancelled);
    }

    private QueryResult ask(String sql, Duration timeout, Asker asker, BooleanSupplier cancelled)
            throws QueryException {
        if (store.isEmpty()) {
            throw new QueryException(OFF);
        }
        return store.get().query(sql, timeout, asker, cancelled);
    }
}
