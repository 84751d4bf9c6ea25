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
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
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

    private static final int STREAM_COLUMNS = 6;
    private static final int SAMPLE_COLUMNS = 8;
    private static final int RECORD_COLUMNS = 7;
    private static final int RUN_COLUMNS = 9;

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

    private final WideRows wide;

    /// What waits for the numbers of its streams, and how many bytes of texts it has.
    private final List<Waiting> waiting = new ArrayList<>();

    private long waitingBytes;

    /// Bytes of texts that the appenders hold.
    private long unflushed;

    private long oldestMicros = Long.MAX_VALUE;
    private long sampleCount;
    private long recordCount;
    private long runCount;

    /// @param series of a sample, or of the fields `from` to `to` of a metric point; none of others
    private record Waiting(String source, Entry entry, @Nullable Series series, int from, int to) {}

    RowAppender(DuckDBConnection connection, WideRows wide) throws SQLException {
        this.wide = wide;
        streamRows = connection.createAppender("trapline", "streams");
        samples = connection.createAppender("trapline", "samples");
        records = connection.createAppender("trapline", "records");
        runs = connection.createAppender("trapline", "runs");
        checkStates = connection.createAppender("trapline", "check_states");
        badFrames = connection.createAppender("trapline", "bad_frames");
        streams = new Streams(connection, this::appendStream);
        sameTime = new SameTimeRows(connection);
        backfill = new Backfill(connection);
        sums = new RowSums(connection);
    }

    /// Goes on in steps of [WideRows#step]: neither this process nor the database ever holds the
    /// rows of all batches at once, which may be a thousand times as large as the frames.
    void append(List<Batch> batches) throws SQLException {
        for (Batch batch : batches) {
            for (Entry entry : batch.entries()) {
                take(batch.source(), entry);
            }
        }
        settle();
        backfill.note(batches);
        long replaced = sameTime.write(this::append);
        sampleCount -= replaced;
        sameTime.takeMore().forEach((source, more) -> sums.came(RowSums.SAMPLES, source, more));
    }

    private void take(String source, Entry entry) throws SQLException {
        switch (entry) {
            case Point point -> {
                if (point.category() == Category.METRIC) {
                    takeFields(source, point);
                } else {
                    long bytes = WideRows.ofFields(point.fields()) + WideRows.ofTags(point.tags());
                    await(new Waiting(source, point, null, 0, 0), bytes);
                }
            }
            case Sample sample -> {
                Series its = streams.series(source, sample.name(), sample.tags());
                streams.wantOwn(its);
                await(new Waiting(source, sample, its, 0, 0), about(sample.value()));
            }
            case Run run -> await(new Waiting(source, run, null, 0, 0), run.error().length());
            case CheckState state -> await(new Waiting(source, state, null, 0, 0), 0);
            case HeldValue _, PeriodEnd _ -> {}
        }
    }

    /// A point of many fields and long tags is as many streams with all of the tags each, so that
    /// it may be more than one step by itself.
    private void takeFields(String source, Point point) throws SQLException {
        Series its = streams.series(source, point.name(), point.tags());
        List<Field> fields = point.fields();
        int from = 0;
        for (int i = 0; i < fields.size(); i++) {
            FieldValue value = fields.get(i).value();
            if (!(value instanceof FieldValue.Null)) {
                streams.want(its, fields.get(i).key(), i);
                waitingBytes += WideRows.about(value);
            }
            if (waitingBytes + streams.wantedBytes() >= wide.step()) {
                waiting.add(new Waiting(source, point, its, from, i + 1));
                step();
                from = i + 1;
            }
        }
        if (from < fields.size()) {
            waiting.add(new Waiting(source, point, its, from, fields.size()));
        }
    }

    private static long about(SampleValue value) {
        return switch (value) {
            case SampleValue.Text(String text) -> text.length();
            case SampleValue.Histogram(var _, var record) -> 4L * record.size();
            case SampleValue.Real _, SampleValue.Whole _, SampleValue.Absent _ -> Double.BYTES;
        };
    }

    private void await(Waiting one, long bytes) throws SQLException {
        waiting.add(one);
        waitingBytes += bytes;
        if (waitingBytes + streams.wantedBytes() >= wide.step()) {
            step();
        }
    }

    /// Gives the database what there is so far.
    private void step() throws SQLException {
        settle();
        flush();
    }

    private void settle() throws SQLException {
        streams.resolve();
        for (Waiting one : waiting) {
            long samplesBefore = sampleCount;
            long recordsBefore = recordCount;
            switch (one.entry()) {
                case Point point -> {
                    Series its = one.series();
                    if (its == null) {
                        appendRecord(one.source(), point);
                    } else {
                        append(its, point, one.from(), one.to());
                    }
                }
                case Sample sample -> {
                    long stream = Objects.requireNonNull(one.series()).ownId();
                    if (SameTimeRows.concerns(one.source())) {
                        sameTime.add(stream, one.source(), sample);
                    } else {
                        append(stream, sample.timeNs(), sample.value());
                    }
                }
                case Run run -> append(run);
                case CheckState state -> append(state);
                case HeldValue _, PeriodEnd _ -> {}
            }
            sums.came(RowSums.SAMPLES, one.source(), sampleCount - samplesBefore);
            sums.came(RowSums.RECORDS, one.source(), recordCount - recordsBefore);
        }
        waiting.clear();
        waitingBytes = 0;
    }

    /// Notes a row of this width.
    ///
    /// @return how many fillers are to follow it
    private int wrote(long bytes) {
        unflushed += bytes;
        return wide.fillers(bytes);
    }

    private void flushWhenMuch() throws SQLException {
        if (unflushed >= wide.step()) {
            flush();
        }
    }

    private void appendStream(long id, long hash, Series.Key key, String name, String stream)
            throws SQLException {
        streamRows.beginRow();
        streamRows.append(id);
        streamRows.append(hash);
        streamRows.append(key.source);
        streamRows.append(name);
        streamRows.append(Streams.tagMap(key.tags));
        streamRows.append(stream);
        streamRows.endRow();
        int fillers = wrote(WideRows.ofStream(key.tags) + WideRows.of(name));
        for (int i = 0; i < fillers; i++) {
            streamRows.beginRow();
            streamRows.append(-id); // goes with its stream
            for (int column = 1; column < STREAM_COLUMNS; column++) {
                streamRows.appendNull();
            }
            streamRows.endRow();
        }
        flushWhenMuch();
    }

    private void append(Series its, Point point, int from, int to) throws SQLException {
        List<Field> fields = point.fields();
        for (int i = from; i < to; i++) {
            Field field = fields.get(i);
            if (field.value() instanceof FieldValue.Null) {
                continue;
            }
            begin(its.id(its.place(field.key(), i)), point.timeNs());
            long bytes =
                    switch (field.value()) {
                        case FieldValue.Real(double value, var digits) -> {
                            samples.append((byte) SampleType.DOUBLE.letter());
                            samples.append(value);
                            text(digits);
                            yield Double.BYTES;
                        }
                        case FieldValue.Int(long value) -> whole(SampleType.INT64, value);
                        case FieldValue.UInt(long bits) -> whole(SampleType.UINT64, bits);
                        case FieldValue.Bool(boolean yes) -> whole(SampleType.INT32, yes ? 1 : 0);
                        case FieldValue.Text(String text) -> onlyText(text);
                        case FieldValue.Bytes(var content) -> onlyText(content.toBase64());
                        case FieldValue.Json(String text) -> onlyText(text);
                        case FieldValue.Array array -> onlyText(FieldsJson.of(array));
                        case FieldValue.Null _ ->
                                throw new IllegalStateException("no value to append");
                    };
            samples.appendNull();
            samples.appendNull();
            endSample(bytes, point.timeNs());
        }
    }

    private void endSample(long bytes, long timeNs) throws SQLException {
        samples.endRow();
        sampleCount++;
        int fillers = wrote(bytes);
        for (int i = 0; i < fillers; i++) {
            samples.beginRow();
            samples.appendNull();
            samples.appendEpochMicros(micros(timeNs)); // is deleted with its row
            for (int column = 2; column < SAMPLE_COLUMNS; column++) {
                samples.appendNull();
            }
            samples.endRow();
        }
        flushWhenMuch();
    }

    private void append(long stream, long timeNs, SampleValue value) throws SQLException {
        begin(stream, timeNs);
        long bytes =
                switch (value) {
                    case SampleValue.Real(double number, var digits) -> {
                        samples.append((byte) SampleType.DOUBLE.letter());
                        samples.append(number);
                        text(digits);
                        samples.appendNull();
                        yield Double.BYTES;
                    }
                    case SampleValue.Whole(SampleType type, long bits) -> {
                        long width = whole(type, bits);
                        samples.appendNull();
                        yield width;
                    }
                    case SampleValue.Text(String text) -> {
                        long width = onlyText(text);
                        samples.appendNull();
                        yield width;
                    }
                    case SampleValue.Histogram(SampleType type, var circllhist) -> {
                        samples.append((byte) type.letter());
                        samples.appendNull();
                        samples.appendNull();
                        samples.append(circllhist.toBytes());
                        yield circllhist.size();
                    }
                    case SampleValue.Absent(SampleType type) -> {
                        samples.append((byte) type.letter());
                        samples.appendNull();
                        samples.appendNull();
                        samples.appendNull();
                        yield 1;
                    }
                };
        endSample(bytes + bins(value), timeNs);
    }

    private long bins(SampleValue value) throws SQLException {
        if (value instanceof SampleValue.Histogram(var _, var record)) {
            List<Double> flat = HistogramBins.of(record);
            samples.append(flat);
            return (long) Double.BYTES * flat.size();
        }
        samples.appendNull();
        return 0;
    }

    private void begin(long stream, long timeNs) throws SQLException {
        samples.beginRow();
        samples.append(stream);
        samples.appendEpochMicros(micros(timeNs));
        samples.append(nanos(timeNs));
    }

    private long whole(SampleType type, long bits) throws SQLException {
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
        return Double.BYTES;
    }

    private void text(@Nullable String text) throws SQLException {
        if (text == null) {
            samples.appendNull();
        } else {
            samples.append(text);
        }
    }

    private long onlyText(String text) throws SQLException {
        samples.append((byte) SampleType.TEXT.letter());
        samples.appendNull();
        samples.append(text);
        return WideRows.of(text);
    }

    private void appendRecord(String source, Point point) throws SQLException {
        records.beginRow();
        records.appendEpochMicros(micros(point.timeNs()));
        records.append(nanos(point.timeNs()));
        records.append(point.category().word());
        records.append(source);
        records.append(point.name());
        records.append(Streams.tagMap(point.tags()));
        String fields = FieldsJson.of(point.fields());
        records.append(fields);
        records.endRow();
        recordCount++;
        int fillers =
                wrote(
                        WideRows.of(point.name())
                                + WideRows.ofTags(point.tags())
                                + WideRows.of(fields));
        for (int i = 0; i < fillers; i++) {
            records.beginRow();
            records.appendEpochMicros(micros(point.timeNs())); // is deleted with its row
            for (int column = 1; column < RECORD_COLUMNS; column++) {
                records.appendNull();
            }
            records.endRow();
        }
        flushWhenMuch();
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
        int fillers = wrote(WideRows.of(run.error()));
        for (int i = 0; i < fillers; i++) {
            runs.beginRow();
            runs.appendEpochMicros(micros(run.plannedNs())); // is deleted with its row
            for (int column = 1; column < RUN_COLUMNS; column++) {
                runs.appendNull();
            }
            runs.endRow();
        }
        flushWhenMuch();
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

    /// A frame that is larger than a step is kept as several rows of the same position, in order:
    /// it is here because it was too much in one piece, perhaps.
    void appendBad(long position, long timeMicros, String reason, byte[] frame)
            throws SQLException {
        int from = 0;
        do {
            int to = (int) Math.min(frame.length, from + wide.step());
            badFrames.beginRow();
            badFrames.appendEpochMicros(timeMicros);
            badFrames.append(position);
            badFrames.append(reason);
            badFrames.append(Arrays.copyOfRange(frame, from, to));
            badFrames.endRow();
            sums.came(RowSums.BAD_FRAMES, RowSums.ALL, 1);
            int fillers = wrote(to - from);
            for (int i = 0; i < fillers; i++) {
                badFrames.beginRow();
                badFrames.appendEpochMicros(timeMicros);
                badFrames.appendNull();
                badFrames.appendNull();
                badFrames.appendNull();
                badFrames.endRow();
            }
            flushWhenMuch();
            from = to;
        } while (from < frame.length);
    }

    void flush() throws SQLException {
        streamRows.flush();
        samples.flush();
        records.flush();
        runs.flush();
        checkStates.flush();
        badFrames.flush();
        unflushed = 0;
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
