package io.trapline.benchmarks;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
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

/// The least that a receiver of JSON does: Jackson's tokens of a body, every name and number read,
/// on one core.
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class TokensBenchmark {
    private final JsonFactory json = new JsonFactory();
    private final byte[] trap = Bodies.trap();
    private final byte[] push = Bodies.push(1_500_101, "t");

    @Benchmark
    public double trapBody() throws IOException {
        return tokens(trap);
    }

    @Benchmark
    public double pushBody() throws IOException {
        return tokens(push);
    }

    private double tokens(byte[] body) throws IOException {
        double sum = 0;
        try (JsonParser parser = json.createParser(body)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token == JsonToken.FIELD_NAME) {
                    sum += parser.currentName().length();
                } else if (token.isNumeric()) {
                    sum += parser.getDoubleValue();
                }
            }
        }
        return sum;
    }
}
