package io.trapline.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What happens when the process that embedded inputs share has no room for another.
class EmbeddedRoomIT {
    private static final int HEAP_MIB = 160;

    @TempDir Path folder;

    private final Heard heard = new Heard();
    private final AtomicLong memory = new AtomicLong();
    private final List<Worker> workers = new ArrayList<>();

    @Test
    @Timeout(180)
    void a_full_process_is_told_when_there_is_no_memory_for_another_and_followed_when_there_is()
            throws Exception {
        Path module = folder.resolve("big.py");
        Files.writeString(
                module,
                """
                from datakit_framework import DataKitFramework
                kept = bytearray(40 << 20)
                class Big(DataKitFramework):
                    interval = 10
                    def run(self):
                        print("here")
                """);
        try (EmbeddedWorkers inputs = inputs()) {
            String told = "";
            for (int i = 0; told.isEmpty(); i++) {
                assertThat(i).as("inputs in %d MiB", HEAP_MIB).isLessThan(5);
                try {
                    workers.add(inputs.open(spec("in" + i, module), heard));
                } catch (WorkerException e) {
                    told = String.valueOf(e.getMessage());
                }
            }
            assertThat(workers).isNotEmpty();
            assertThat(told)
                    .contains(
                            "input in" + workers.size() + " does not fit",
                            "has " + workers.size() + " inputs, which take",
                            "Another process would need " + (HEAP_MIB + 192) + " MiB",
                            "0 MiB left",
                            "cmd = \"python3\"");

            memory.set(Long.MAX_VALUE);
            workers.add(inputs.open(spec("another", module), heard));

            Set<Long> processes = new HashSet<>();
            for (Worker worker : workers) {
                processes.add(worker.processId().orElseThrow());
                long run = processes.size() * 100L + workers.indexOf(worker);
                worker.start("big.Big", run);
                heard.awaitEnd(run);
            }
            assertThat(processes).hasSize(2);
        } finally {
            workers.forEach(Worker::close);
        }
    }

    private EmbeddedWorkers inputs() {
        return new EmbeddedWorkers(
                ExternalWorkerTest.FRAMEWORK.toAbsolutePath(),
                Path.of(ProcessHandle.current().info().command().orElseThrow()),
                EmbeddedWorkerIT.hostClassPath(),
                EmbeddedWorkerIT.DATA.toAbsolutePath(),
                HEAP_MIB,
                () -> Duration.ofMinutes(1),
                new FrameBudget(),
                memory::get);
    }

    private WorkerSpec spec(String input, Path module) {
        return new WorkerSpec(
                input,
                Optional.empty(),
                false,
                List.of(new WorkerSpec.Module("big", module, folder)),
                Map.of("HOME", folder.toString()),
                "127.0.0.1",
                9529);
    }
}
