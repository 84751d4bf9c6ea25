package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The pages of the packaged agent in a real browser; leaves pictures in `target/screenshots`.
class PagesIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final long BROWSER_SECONDS = 120;
    private static final String CHART = "/ui/metrics?name=queue.length&range=15m&by=name";

    @TempDir private Path folder;

    @Test
    void a_browser_draws_the_chart_under_the_strict_policy() throws Exception {
        Path home = RunningAgent.home(folder.resolve("home"));
        Files.writeString(
                home.resolve("conf.d/pythond.conf"),
                """
                [[inputs.pythond]]
                  name = "mine"
                  dirs = ["mine"]
                  cmd = "python3"
                """);
        Files.createDirectories(home.resolve("python.d/mine"));
        Files.writeString(
                home.resolve("python.d/mine/queue.py"),
                """
                from datakit_framework import DataKitFramework

                class Queue(DataKitFramework):
                    interval = 1

                    def run(self):
                        self.feed_metric(measurement="queue", tags={"name": "mail"}, fields={"length": 3})

                class Broken(DataKitFramework):
                    interval = 1

                    def run(self):
                        print("about to fail")
                        raise ValueError("no such <b>queue</b>")
                """);
        Path pictures = Files.createDirectories(Path.of("target/screenshots"));
        try (RunningAgent agent = RunningAgent.start(home)) {
            await().atMost(SOON)
                    .until(() ->
                            agent.count(
                                            "select count(*) from metrics where name ="
                                                    + " 'queue.length'")
                                    > 2);
            await().atMost(SOON)
                    .until(() ->
                            agent.count("select count(*) from runs where outcome = 'error'") > 0);

            Document chart =
                    Jsoup.parse(
                            browse(
                                    agent.address() + CHART,
                                    "--dump-dom",
                                    "--window-size=1280,900"));
            assertThat(chart.select("[data-chart] canvas")).isNotEmpty();
            assertThat(chart.select("[data-chart]").attr("data-drawn")).matches("[1-9][0-9]*");
            assertThat(chart.select("[data-failed]")).isEmpty();

            Document failed =
                    Jsoup.parse(agent.get("/ui/collector?input=mine&collector=Broken").body());
            assertThat(failed.select(".trace").text()).contains("ValueError: no such <b>queue</b>");
            assertThat(failed.select(".source .culprit").text()).contains("raise ValueError");
            assertThat(failed.select(".prints").text()).contains("about to fail");

            for (String[] shot :
                    List.of(
                            new String[] {"overview-light", "/", "1280,900", "1"},
                            new String[] {"metrics-dark-phone", CHART, "390,844", "0"})) {
                Path picture = pictures.resolve(shot[0] + ".png");
                Files.deleteIfExists(picture);
                browse(
                        agent.address() + shot[1],
                        "--screenshot=" + picture.toAbsolutePath(),
                        "--window-size=" + shot[2],
                        "--blink-settings=preferredColorScheme=" + shot[3]);
                assertThat(picture).isNotEmptyFile();
            }
        }
    }

    /// What the browser writes to its standard output.
    private String browse(String address, String... options)
            throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "chromium",
                                "--headless",
                                "--no-sandbox",
                                "--disable-gpu",
                                "--disable-quic",
                                "--disable-dev-shm-usage",
                                "--no-first-run",
                                "--disable-background-networking",
                                "--disable-component-update",
                                "--disable-sync",
                                "--hide-scrollbars",
                                "--virtual-time-budget=1500",
                                "--user-data-dir=" + folder.resolve("browser")));
        command.addAll(List.of(options));
        command.add(address);
        Path out = Files.createTempFile(folder, "browser", ".out");
        Process browser =
                new ProcessBuilder(command)
                        .redirectOutput(out.toFile())
                        .redirectError(folder.resolve("browser.err").toFile())
                        .start();
        if (!browser.waitFor(BROWSER_SECONDS, TimeUnit.SECONDS)) {
            browser.destroyForcibly();
            throw new IOException(
                    "the browser did not end within " + BROWSER_SECONDS + " s at " + address);
        }
        return Files.readString(out, StandardCharsets.UTF_8);
    }
}
