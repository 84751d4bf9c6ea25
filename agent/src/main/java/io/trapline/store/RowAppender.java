package io.trapline.store;

import io.trapline.model.Batch;
import io.trapline.model.Category;
import io.trapline.model.CheckState;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.HeldValue;
import io.trapline.model.PeriodEnd;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;

/// Batches as rows. Used inside one transaction of `connection`, by the writer's thread alone; of
/// no use any more after an exception or a rollback.
final class RowAppender implements AutoCloseable {
    /// The integers that a double holds with all their digits lie in between.
    private static final long EXACT = 1L << 53;

    /// Before it (in 1677) the sum of the two columns of a time would no longer be a BIGINT.
    private static final long EARLIEST_NS = Long.MIN_VALUE / 1000 * 1000;

    private final DuckDBAppender streamRows;
    private final DuckDBAppender samples;
    private final DuckDBAppender records;
    private final DuckDBAppender runs;
    private final DuckDBAppender checkStates;
    private final DuckDBAppender badFrames;
    private final Streams streams;
    private final SameTimeRows sameTime;

    private final Backfill backfill;
    private final RowSums sums;

    /// What the first round found for each metric point and sample, for the second round to take.
    private final List<Series> series = new ArrayList<>();

    private int next;
    private long oldestMicros = Long.MAX_VALUE;
    private long sampleCount;
    private long recordCount;
    private long runCount;

    RowAppender(DuckDBConnection connection) throws SQLException {
        streamRows = connection.createAppender("trapline", "streams");
        samples = connection.createAppender("trapline", "samples");
        records = connection.createAppender("trapline", "records");
        runs = connection.createAppender("trapline", "runs");
        checkStates = connection.createAppender("trapline", "check_states");
        badFrames = connection.createAppender("trapline", "bad_frames");
        streams = new Streams(connection, streamRows);
        sameTime = new SameTimeRows(connection);
        backfill = new Backfill(connection);
        sums = new RowSums(connection);
    }

    void append(List<Batch> batches) throws SQLException {
        series.clear();
        for (Batch batch : batches) {
            for (Entry entry : batch.entries()) {
                want(batch.source(), entry);
            }
        }
        streams.resolve();
        next = 0;
        for (Batch batch : batches) {
            long samplesBefore = sampleCount;
            long recordsBefore = recordCount;
            for (Entry entry : batch.entries()) {
                switch (entry) {
                    case Point point -> append(batch.source(), point);
                    case Sample sample -> {
                        Series its = series.get(next++);
                        if (SameTimeRows.concerns(batch.source())) {
                            sameTime.add(its.ownId(), batch.source(), sample);
                        } else {
                            append(its.ownId(), sample.timeNs(), sample.value());
                        }
                    }
                    case Run run -> append(run);
                    case CheckState state -> append(state);
                    case HeldValue _, PeriodEnd _ -> {}
                }
            }
            sums.came(RowSums.SAMPLES, batch.source(), sampleCount - samplesBefore);
            sums.came(RowSums.RECORDS, batch.source(), recordCount - recordsBefore);
        }
        backfill.note(batches);
        long replaced = sameTime.write(this::append);
        sampleCount -= replaced;
        sameTime.takeMore().forEach((source, more) -> sums.came(RowSums.SAMPLES, source, more));
    }

    private void want(String source, Entry entry) {
        switch (entry) {
            case Point point -> {
                if (point.category() == Category.METRIC) {
                    Series its = streams.series(source, point.name(), point.tags());
                    series.add(its);
                    List<Field> fields = point.fields();
                    for (int i = 0; i < fields.size(); i++) {
                        if (!(fields.get(i).value() instanceof FieldValue.Null)) {
                            streams.want(its, fields.get(i).key(), i);
                        }
                    }
                }
            }
            case Sample sample -> {
                Series its = streams.series(source, sample.name(), sample.tags());
                series.add(its);
                streams.wantOwn(its);
            }
            case Run _, CheckState _, HeldValue _, PeriodEnd _ -> {}
        }
    }

    private void append(String source, Point point) throws SQLException {
        if (point.category() != Category.METRIC) {
            appendRecord(source, point);
            return;
        }
        Series its = series.get(next++);
        List<Field> fields = point.fields();
        for (int i = 0; i < fields.size(); i++) {
            Field field = fields.get(i);
            if (field.value() instanceof FieldValue.Null) {
                continue;
            }
            begin(its.id(its.place(field.key(), i)), point.timeNs());
            switch (field.value()) {
                case FieldValue.Real(double value, var digits) -> {
                    samples.append((byte) SampleType.DOUBLE.letter());
                    samples.append(value);
                    text(digits);
                }
                case FieldValue.Int(long value) -> whole(SampleType.INT64, value);
                case FieldValue.UInt(long bits) -> whole(SampleType.UINT64, bits);
                case FieldValue.Bool(boolean yes) -> whole(SampleType.INT32, yes ? 1 : 0);
                case FieldValue.Text(String text) -> onlyText(text);
                case FieldValue.Bytes(var bytes) -> onlyText(bytes.toBase64());
                case FieldValue.Json(String text) -> onlyText(text);
                case FieldValue.Array array -> onlyText(FieldsJson.of(array));
                case FieldValue.Null _ -> throw new IllegalStateException("no value to append");
            }
            samples.appendNull();
            samples.appendNull();
            samples.endRow();
            sampleCount++;
        }
    }

    private void append(long stream, long timeNs, SampleValue value) throws SQLException {
        begin(stream, timeNs);
        switch (value) {
            case SampleValue.Real(double number, var digits) -> {
                samples.append((byte) SampleType.DOUBLE.letter());
                samples.append(number);
                text(digits);
                samples.appendNull();
            }
            case SampleValue.Whole(SampleType type, long bits) -> {
                whole(type, bits);
                samples.appendNull();
            }
            case SampleValue.Text(String text) -> {
                onlyText(text);
                samples.appendNull();
            }
            case SampleValue.Histogram(SampleType type, var circllhist) -> {
                samples.append((byte) type.letter());
                samples.appendNull();
                samples.appendNull();
                samples.append(circllhist.toBytes());
            }
            case SampleValue.Absent(SampleType type) -> {
                samples.append((byte) type.letter());
                samples.appendNull();
                samples.appendNull();
                samples.appendNull();
            }
        }
        bins(value);
        samples.endRow();
        sampleCount++;
    }

    private void bins(SampleValue value) throws SQLException {
        if (value instanceof SampleValue.Histogram(var _, var record)) {
            samples.append(HistogramBins.of(record));
        } else {
            samples.appendNull();
        }
    }

    private void begin(long stream, long timeNs) throws SQLException {
        samples.beginRow();
        samples.append(stream);
        samples.appendEpochMicros(micros(timeNs));
        samples.append(nanos(timeNs));
    }

    private void whole(SampleType type, long bits) throws SQLException {
        samples.append((byte) type.letter());
        if (type == SampleType.UINT64 && bits < 0) {
            samples.append(((bits >>> 1) | (bits & 1)) * 2.0);
            samples.append(Long.toUnsignedString(bits));
        } else {
            samples.append((double) bits);
            if (bits >= -EXACT && bits <= EXACT) {
                samples.appendNull();
            } else {
                samples.append(Long.toString(bits));
            }
        }
    }

    private void text(@Nullable String text) throws SQLException {
        if (text == null) {
            samples.appendNull();
        } else {
            samples.append(text);
        }
    }

    private void onlyText(String text) throws SQLException {
        samples.append((byte) SampleType.TEXT.letter());
        samples.appendNull();
        samples.append(text);
    }

    private void appendRecord(String source, Point point) throws SQLException {
        records.beginRow();
        records.appendEpochMicros(micros(point.timeNs()));
        records.append(nanos(point.timeNs()));
        records.append(point.category().word());
        records.append(source);
        records.append(point.name());
        records.append(Streams.tagMap(point.tags()));
        records.append(FieldsJson.of(point.fields()));
        records.endRow();
        recordCount++;
    }

    private void append(Run run) throws SQLException {
        runs.beginRow();
        runs.appendEpochMicros(micros(run.plannedNs()));
        runs.appendEpochMicros(micros(run.startedNs()));
        runs.append(run.durationNs() / 1e6);
        runs.append(run.input());
        runs.append(run.collector());
        runs.append(run.outcome().word());
        runs.append(run.points());
        runs.append(run.error());
        runs.append(run.host());
        runs.endRow();
        runCount++;
        sums.came(RowSums.RUNS, RowSums.ALL, 1);
    }

    private void append(CheckState state) throws SQLException {
        checkStates.beginRow();
        checkStates.appendEpochMicros(micros(state.timeNs()));
        checkStates.append(state.source());
        checkStates.append(state.available());
        checkStates.append(state.metrics());
        checkStates.endRow();
        sums.came(RowSums.CHECK_STATES, RowSums.ALL, 1);
    }

    void appendBad(long position, long timeMicros, String reason, byte[] frame)
            throws SQLException {
        badFrames.beginRow();
        badFrames.appendEpochMicros(timeMicros);
        badFrames.append(position);
        badFrames.append(reason);
        badFrames.append(frame);
        badFrames.endRow();
        sums.came(RowSums.BAD_FRAMES, RowSums.ALL, 1);
    }

    void flush() throws SQLException {
        streamRows.flush();
        samples.flush();
        records.flush();
        runs.flush();
        checkStates.flush();
        badFrames.flush();
        sums.flush();
    }

    RowSums sums() {
        return sums;
    }

    Streams streams() {
        return streams;
    }

    /// The oldest time of any row that was appended, in microseconds.
    long oldestMicros() {
        return oldestMicros;
    }

    /// What was appended since the last call.
    RowCounts takeCounts() {
        RowCounts counts = new RowCounts(sampleCount, recordCount, runCount, streams.takeAdded());
        sampleCount = 0;
        recordCount = 0;
        runCount = 0;
        return counts;
    }

    @Override
    public void close() throws SQLException {
        streamRows.close();
        samples.close();
        records.close();
        runs.close();
        checkStates.close();
        badFrames.close();
        backfill.close();
        sums.close();
    }

    private long micros(long timeNs) {
        long micros = Math.floorDiv(Math.max(timeNs, EARLIEST_NS), 1000L);
        oldestMicros = Math.min(oldestMicros, micros);
        return micros;
    }

    private static short nanos(long timeNs) {
        return (short) Math.floorMod(Math.max(timeNs, EARLIEST_NS), 1000L);
    }
}
