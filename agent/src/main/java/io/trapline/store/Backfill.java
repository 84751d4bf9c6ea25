package io.trapline.store;

import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.duckdb.DuckDBConnection;

/// History that was written late: for each hour in which some arrived, the span of its times.
///
/// Retention counts from the later of a row's own time and its arrival, or else what was written
/// about last year would be acknowledged and gone within the hour. Rows do not carry their arrival;
/// only the few that come late need it, and a span an hour is enough for them.
final class Backfill implements AutoCloseable {
    /// Nothing that comes within this of its own time is late.
    private static final long LATE_NS = Duration.ofHours(1).toNanos();

    /// True for a row of alias `r` that arrived within the retention, given its cutoff as `?`.
    static final String PROTECTS =
            "EXISTS (SELECT 1 FROM trapline.backfill b WHERE b.stored >="
                    + " date_trunc('hour', make_timestamp(?::BIGINT))"
                    + " AND r.%s BETWEEN b.oldest AND b.newest)";

    private final PreparedStatement widen;
    private final PreparedStatement begin;

    Backfill(DuckDBConnection connection) throws SQLException {
        widen =
                connection.prepareStatement(
                        "UPDATE trapline.backfill SET oldest = least(oldest,"
                                + " make_timestamp(?::BIGINT)), newest = greatest(newest,"
                                + " make_timestamp(?::BIGINT)) WHERE stored = date_trunc('hour',"
                                + " make_timestamp(?::BIGINT))");
        begin =
                connection.prepareStatement(
                        "INSERT INTO trapline.backfill SELECT date_trunc('hour',"
                                + " make_timestamp(?::BIGINT)), make_timestamp(?::BIGINT),"
                                + " make_timestamp(?::BIGINT)");
    }

    /// Notes what of these batches is late; part of the caller's transaction.
    void note(List<Batch> batches) throws SQLException {
        for (Batch batch : batches) {
            long oldest = Long.MAX_VALUE;
            long newest = Long.MIN_VALUE;
            for (Entry entry : batch.entries()) {
                long time =
                        switch (entry) {
                            case Point point -> point.timeNs();
                            case Sample sample -> sample.timeNs();
                            default -> Long.MAX_VALUE;
                        };
                if (time < batch.acceptedNs() - LATE_NS) {
                    oldest = Math.min(oldest, time);
                    newest = Math.max(newest, time);
                }
            }
            if (oldest <= newest) {
                note(batch.acceptedNs() / 1000, oldest / 1000, newest / 1000 + 1);
            }
        }
    }

    private void note(long stored, long oldest, long newest) throws SQLException {
        widen.setLong(1, oldest);
        widen.setLong(2, newest);
        widen.setLong(3, stored);
        if (widen.executeUpdate() == 0) {
            begin.setLong(1, stored);
            begin.setLong(2, oldest);
            begin.setLong(3, newest);
            begin.executeUpdate();
        }
    }

    @Override
    public void close() throws SQLException {
        widen.close();
        begin.close();
    }
}
