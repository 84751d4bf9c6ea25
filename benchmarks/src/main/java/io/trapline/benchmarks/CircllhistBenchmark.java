package io.trapline.benchmarks;

import io.trapline.model.circllhist.Circllhist;
import io.trapline.model.circllhist.MalformedRecordException;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// Latencies around 10 ms, log-normal: about 200 bins of 10 000 samples.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class CircllhistBenchmark {
    private static final int SAMPLES = 10_000;

    private final double[] samples = samples(1);
    private final Circllhist one = of(samples);
    private final Circllhist other = of(samples(2));
    private final String base64 = one.toBase64();

    private static double[] samples(long seed) {
        Random random = new Random(seed);
        double[] samples = new double[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            samples[i] = 0.01 * Math.exp(random.nextGaussian());
        }
        return samples;
    }

    private static Circllhist of(double[] samples) {
        Circllhist histogram = new Circllhist();
        for (double sample : samples) {
            histogram.insert(sample);
        }
        return histogram;
    }

    /// One sample.
    @Benchmark
    @OperationsPerInvocation(SAMPLES)
    public Circllhist insert() {
        return of(samples);
    }

    /// Two whole histograms, with the copy that it takes to do it again.
    @Benchmark
    public Circllhist copyAndMerge() {
        Circllhist sum = one.copy();
        sum.merge(other);
        return sum;
    }

    @Benchmark
    public String toBase64() {
        return one.toBase64();
    }

    @Benchmark
    public Circllhist ofBase64() throws MalformedRecordException {
        return Circllhist.ofBase64(base64);
    }
}
