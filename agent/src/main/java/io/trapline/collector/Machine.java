package io.trapline.collector;

import io.trapline.bridge.Bridge;
import io.trapline.pipeline.Decoded;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.LongSupplier;

/// What every input's runner works with.
///
/// @param nanos the monotonic clock; all pacing goes by it
/// @param wall the wall clock; only for what people read
/// @param writer where points and rows are made durable; its tasks wait for the disk
/// @param userLog upstream's `_datakit_pythond_cli.log`
record Machine(
        Bridge bridge,
        Function<byte[], Decoded> decode,
        Sink sink,
        Ledger ledger,
        Timeline timeline,
        LongSupplier nanos,
        InstantSource wall,
        Executor writer,
        CollectorSettings settings,
        RotatingFile userLog) {

    long now() {
        return nanos.getAsLong();
    }

    long wallNs() {
        Instant now = wall.instant();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    /// The wall clock's reading at a monotonic time, as the wall clock goes now.
    long wallNsAt(long monotonic) {
        return wallNs() - (now() - monotonic);
    }
}
