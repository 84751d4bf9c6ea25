package io.trapline.benchmarks;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalReader;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.SqliteJournal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Durable appends a second: 64 virtual threads, as so many requests would, on one journal, with a
/// reader that keeps up so that trimming takes part.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 3, time = 5)
public class JournalAppendBenchmark {
    private static final int CALLERS = 64;
    private static final int APPENDS = 12_800;

    @Param({"1500", "100000"})
    int frameBytes;

    private Path directory;
    private Journal journal;
    private byte[] frame;
    private Thread follower;

    @Setup(Level.Trial)
    public void open() throws Exception {
        directory = Files.createTempDirectory(Path.of("target"), "journal");
        journal =
                SqliteJournal.open(
                        directory.resolve("trapline.db"), () -> new JournalSettings(8L << 30));
        frame = new byte[frameBytes];
        new Random(1).nextBytes(frame);
        JournalReader reader = journal.reader("benchmark");
        follower = Thread.ofVirtual().start(() -> follow(reader));
    }

    private static void follow(JournalReader reader) {
        try {
            while (true) {
                List<JournalReader.Frame> frames = reader.read(4 << 20, Duration.ofSeconds(1));
                if (!frames.isEmpty()) {
                    reader.commit(frames.getLast().position());
                }
            }
        } catch (JournalException | InterruptedException _) {
            // The journal was closed: the trial is over.
        }
    }

    @Benchmark
    @OperationsPerInvocation(APPENDS)
    public void append() throws Exception {
        AtomicLong left = new AtomicLong(APPENDS);
        AtomicReference<Exception> failure = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(CALLERS);
        for (int i = 0; i < CALLERS; i++) {
            Thread.startVirtualThread(() -> {
                try {
                    while (left.getAndDecrement() > 0) {
                        journal.append(frame);
                    }
                } catch (JournalException e) {
                    failure.set(e);
                } finally {
                    done.countDown();
                }
            });
        }
        done.await();
        if (failure.get() != null) {
            throw failure.get();
        }
    }

    @TearDown(Level.Trial)
    public void close() throws IOException, InterruptedException {
        journal.close();
        follower.join();
        try (var files = Files.walk(directory)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
