package io.trapline.benchmarks;

import io.trapline.model.Batch;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.pipeline.BatchCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// One batch of 1000 points with 3 fields each, to the journal's bytes and back.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class BatchCodecBenchmark {
    private final Batch batch = batch();
    private final byte[] frame = BatchCodec.encode(batch);

    private static Batch batch() {
        List<Entry> points = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            points.add(
                    new Point(
                            Category.METRIC,
                            "cpu",
                            List.of(new Tag("cpu", "cpu" + i % 64), new Tag("host", "web01")),
                            List.of(
                                    new Field("usage_user", new FieldValue.Real(i * 0.37)),
                                    new Field("usage_system", new FieldValue.Real(i * 0.11)),
                                    new Field("switches", new FieldValue.Int(i * 1009L))),
                            1_700_000_000_000_000_000L + i * 1_000_000L));
        }
        return new Batch("http/metric", 1_700_000_000_000_000_000L, points);
    }

    @Benchmark
    public byte[] encode() {
        return BatchCodec.encode(batch);
    }

    @Benchmark
    public Batch decode() {
        return BatchCodec.decode(frame);
    }
}
