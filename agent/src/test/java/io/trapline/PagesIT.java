package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.web.Browser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The pages of the packaged agent in a real browser; leaves pictures in `target/screenshots`.
class PagesIT {
    private static final Duration SOON = Duration.ofMinutes(3);
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
        try (RunningAgent agent = RunningAgent.start(home);
                Browser browser = Browser.open(folder.resolve("browser"))) {
            await().atMost(SOON)
                    .until(() ->
                            agent.count(
                                            "select count(*) from metrics where name ="
                                                    + " 'queue.length'")
                                    > 2);
            await().atMost(SOON)
                    .until(() ->
                            agent.count("select count(*) from runs where outcome = 'error'") > 0);

            browser.go(agent.address() + CHART);
            browser.see("[data-chart] canvas");
            assertThat(browser.see("[data-chart]").getAttribute("data-drawn"))
                    .matches("[1-9][0-9]*");
            assertThat(browser.sees("[data-failed]")).isFalse();
            browser.look(Browser.Theme.DARK, 390, 844);
            browser.go(agent.address() + CHART);
            browser.see("[data-chart] canvas");
            assertThat(browser.picture("metrics-dark-phone")).isNotEmptyFile();

            Document failed =
                    Jsoup.parse(agent.get("/ui/collector?input=mine&collector=Broken").body());
            assertThat(failed.select(".trace").text()).contains("ValueError: no such <b>queue</b>");
            assertThat(failed.select(".source .culprit").text()).contains("raise ValueError");
            assertThat(failed.select(".prints").text()).contains("about to fail");

            browser.look(Browser.Theme.LIGHT, 1280, 900);
            browser.go(agent.address() + "/");
            browser.see("#live table");
            assertThat(browser.picture("overview-light")).isNotEmptyFile();
            assertThat(browser.complaints()).isEmpty();
            assertThat(browser.requestsElsewhere(agent.address())).isEmpty();
        }
    }
}
