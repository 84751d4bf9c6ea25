package io.trapline.benchmarks;

import io.trapline.ingest.AddressLimits;
import io.trapline.ingest.CoreListener;
import io.trapline.ingest.Previews;
import io.trapline.ingest.push.PushDecoder;
import io.trapline.ingest.push.PushHandler;
import io.trapline.ingest.push.PushLimits;
import io.trapline.ingest.push.PushRegistration;
import io.trapline.ingest.trap.TrapCheck;
import io.trapline.ingest.trap.TrapHandler;
import io.trapline.ingest.trap.TrapLimits;
import io.trapline.ingest.trap.TrapSink;
import io.trapline.model.SampleValue;
import io.trapline.net.BoundServer;
import io.trapline.net.ListenSettings;
import io.trapline.period.Measurement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;

/// The push and trap listener with its real handlers, and nothing behind them: what they accept is
/// dropped. `HandlersAlone PORT DATA_ID TOKEN UUID SECRET` serves until it is ended.
public final class HandlersAlone {
    private HandlersAlone() {}

    public static void main(String[] arguments) throws Exception {
        long dataId = Long.parseLong(arguments[1]);
        PushRegistration registration =
                new PushRegistration(dataId, arguments[2], "time_series", "v2", 0, -1, true);
        TrapCheck check =
                new TrapCheck(
                        UUID.fromString(arguments[3]),
                        "httptrap",
                        arguments[4],
                        "bench",
                        "",
                        Duration.ofSeconds(60),
                        true,
                        "`",
                        Optional.empty(),
                        "",
                        Set.of(),
                        false,
                        0,
                        Optional.empty());
        PushHandler push =
                new PushHandler(
                        new PushDecoder(
                                id -> Optional.of(registration).filter(one -> one.dataId() == id),
                                PushLimits.DEFAULT,
                                InstantSource.system(),
                                System::nanoTime),
                        (_, _) -> {},
                        PushLimits.DEFAULT,
                        System::nanoTime,
                        Previews.NONE);
        TrapSink nowhere =
                new TrapSink() {
                    @Override
                    public void accept(TrapCheck to, long arrivalMs, List<Measurement> part) {}

                    @Override
                    public SortedMap<String, SampleValue> running(TrapCheck of) {
                        return Collections.emptySortedMap();
                    }
                };
        TrapHandler trap =
                new TrapHandler(
                        id -> Optional.of(check).filter(one -> one.id().equals(id)),
                        nowhere,
                        TrapLimits.DEFAULT,
                        InstantSource.system(),
                        System::nanoTime,
                        Previews.NONE);
        try (BoundServer server =
                CoreListener.open(
                        ListenSettings.plain("127.0.0.1", Integer.parseInt(arguments[0])),
                        Optional.empty(),
                        AddressLimits.NONE,
                        push,
                        trap)) {
            System.out.println("ready " + server.address());
            new CountDownLatch(1).await();
        }
    }
}
