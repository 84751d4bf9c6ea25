package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many inputs without a `cmd`, with the packaged program; `-Dtrapline.inputs=120` for more.
class ManyEmbeddedInputsIT {
    private static final int INPUTS = Integer.getInteger("trapline.inputs", 24);

    @TempDir Path home;

    @Test
    void the_first_ones_run_while_others_are_opening_and_say_what_they_wait_for() throws Exception {
        RunningAgent.home(home);
        for (int i = 0; i < INPUTS; i++) {
            Files.createDirectories(home.resolve("python.d/in" + i));
            Files.writeString(
                    home.resolve("python.d/in" + i + "/c.py"),
                    """
                    from datakit_framework import DataKitFramework
                    class C(DataKitFramework):
                        name = "c"
                        interval = 1
                        def run(self):
                            self.feed_metric(measurement="up", fields={"v": 1})
                    """);
        }
        Files.writeString(
                home.resolve("conf.d/inputs.conf"),
                IntStream.range(0, INPUTS)
                        .mapToObj(
                                "[[inputs.pythond]]\nname = \"in%1$d\"\ndirs = [\"in%1$d\"]\n"
                                        ::formatted)
                        .collect(Collectors.joining()));
        boolean ranBeforeAllWereOpen = false;
        try (RunningAgent agent = RunningAgent.start(home)) {
            int open = 0;
            while (open < INPUTS) {
                int running = 0;
                int starting = 0;
                int ran = 0;
                for (JsonNode input : agent.status().get("inputs")) {
                    switch (input.get("state").asText()) {
                        case "running" -> running++;
                        case "starting" -> {
                            starting++;
                            assertThat(input.get("reason").asText()).as("%s", input).isNotEmpty();
                        }
                        default -> assertThat(input).as("an input that does not start").isNull();
                    }
                    ran += ok(input) > 0 ? 1 : 0;
                }
                open = running;
                ranBeforeAllWereOpen |= ran > 0 && starting > 0;
            }
            assertThat(ranBeforeAllWereOpen).isTrue();
            await().atMost(Duration.ofMinutes(2))
                    .until(() ->
                            agent.count(
                                            "SELECT count(DISTINCT input) FROM runs WHERE outcome ="
                                                    + " 'ok'")
                                    == INPUTS);
        }
    }

    private static long ok(JsonNode input) {
        long runs = 0;
        for (JsonNode collector : input.get("collectors")) {
            runs += collector.at("/runs/ok").asLong();
        }
        return runs;
    }
}
