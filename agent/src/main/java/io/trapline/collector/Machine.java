package io.trapline.collector;

import io.trapline.bridge.Bridge;
import io.trapline.pipeline.Decoded;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;

/// What every input's runner works with.
///
/// @param nanos the monotonic clock; all pacing goes by it
/// @param wall the wall clock; only for what people read
/// @param wallClock what the wall clock shows at a monotonic time
/// @param writer where points and rows are made durable; its tasks wait for the disk
/// @param userLog upstream's `_datakit_pythond_cli.log`
/// @param lateness of all collectors together
/// @param sharedHostAsked when the shared host was last asked to interrupt something (monotonic):
///   what it cannot interrupt ends it for all its inputs
/// @param pauses which collectors people have paused
record Machine(
        Bridge bridge,
        Function<byte[], Decoded> decode,
        Sink sink,
        Ledger ledger,
        Timeline timeline,
        LongSupplier nanos,
        InstantSource wall,
        WallClock wallClock,
        Executor writer,
        CollectorSettings settings,
        RotatingFile userLog,
        Lateness lateness,
        AtomicLong sharedHostAsked,
        Pauses pauses) {

    long now() {
        return nanos.getAsLong();
    }
}
