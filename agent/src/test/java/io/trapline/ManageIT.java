package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.trapline.web.Axe;
import io.trapline.web.Browser;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What people change on the pages, in a real browser on the packaged agent; leaves pictures in
/// `target/screenshots`.
class ManageIT {
    private static final Duration SOON = Duration.ofMinutes(3);

    @TempDir private Path folder;

    private static void logIn(Browser browser, RunningAgent agent) throws Exception {
        browser.go(agent.address() + "/login?next=/ui/push");
        browser.type("#token", Files.readString(agent.home().resolve("data/admin.token")).strip());
        browser.click("button", "Log in");
        browser.see("button", "Log out");
        assertThat(browser.url()).endsWith("/ui/push");
    }

    /// Pictures of the page in both themes, on which nothing serious may be found.
    private static void pictures(Browser browser, String name) throws Exception {
        assertThat(browser.complaints()).as(name).isEmpty();
        browser.look(Browser.Theme.DARK, 390, 844);
        browser.picture(name + "-dark-phone");
        assertThat(Axe.violations(browser, name + ", dark, phone")).isEmpty();
        browser.look(Browser.Theme.LIGHT, 1280, 900);
        browser.picture(name);
        assertThat(Axe.violations(browser, name)).isEmpty();
    }

    private static void isClean(Browser browser, RunningAgent agent) throws Exception {
        assertThat(browser.complaints()).isEmpty();
        assertThat(browser.requestsElsewhere(agent.address())).isEmpty();
    }

    @Test
    void a_person_logs_in_with_the_token_and_out_again() throws Exception {
        try (RunningAgent agent = RunningAgent.start(RunningAgent.home(folder.resolve("home")));
                Browser browser = Browser.open(folder.resolve("browser"))) {
            browser.go(agent.address() + "/");
            browser.see("h1", "Nothing runs here yet");
            pictures(browser, "first-steps");
            browser.go(agent.address() + "/ui/push/new?type=event");
            assertThat(browser.sees("#f-name")).isFalse();
            browser.click("main a", "Log in");
            pictures(browser, "login");
            browser.type("#token", "wrong");
            browser.click("button", "Log in");
            browser.see("[role=alert]", "not the token");
            // The browser notes the refusal itself.
            assertThat(browser.complaints()).hasSize(1).first().asString().contains("403");
            String where = browser.text("#where");
            assertThat(where).contains(agent.home().resolve("data/admin.token").toString());
            browser.type(
                    "#token", Files.readString(agent.home().resolve("data/admin.token")).strip());
            browser.click("button", "Log in");
            browser.see("#f-name");
            assertThat(browser.url()).endsWith("/ui/push/new?type=event");
            browser.click("button", "Log out");
            browser.see("a", "Log in");
            isClean(browser, agent);
        }
    }

    @Test
    void a_check_is_created_submitted_to_and_its_metrics_are_seen_and_chosen() throws Exception {
        try (RunningAgent agent = RunningAgent.start(RunningAgent.home(folder.resolve("home")));
                Browser browser = Browser.open(folder.resolve("browser"))) {
            logIn(browser, agent);
            browser.click("a", "New check");
            browser.type("#f-period", "2h");
            browser.type("#f-name", "web01 app");
            browser.see("#w-period", "from 1s to 300s");
            browser.type("#f-period", "10s");
            browser.type("#f-target", "10.0.0.1");
            pictures(browser, "check-new");
            browser.click("button", "Create the check");
            browser.see(".said.good", "The check is there");

            browser.type(
                    "#test-body",
                    "{\"cpu\": {\"load\": 0.7}, \"n\": {\"_type\": \"L\", \"_value\":"
                            + " 18446744073709551615}}");
            browser.click("#test button", "Test");
            browser.see("#tested tbody tr", "cpu`load");
            assertThat(browser.text("#tested table")).contains("18446744073709551615", "stored");

            browser.click("button", "Show the URL with its secret");
            browser.see("button", "Copy the URL");
            String url = browser.text("#copy-url");
            browser.click("#test button", "Wait for the next submission");
            browser.see("#waiting");
            HttpResponse<String> answer =
                    RunningAgent.put(url, "{\"cpu\": {\"load\": 0.5}, \"tmp\": 3}");
            assertThat(answer.body()).contains("\"stats\":2");
            browser.see("#tested", "answered with 200");
            browser.see("#tested tbody tr", "tmp");
            pictures(browser, "check");

            browser.driver().navigate().refresh();
            browser.see("#metrics tbody tr", "cpu`load");
            browser.click("#metrics [aria-label='Store tmp']");
            browser.click("button", "Save what is stored");
            browser.see(".said.good", "1 no longer");
            assertThat(RunningAgent.put(url, "{\"cpu\": {\"load\": 0.5}, \"tmp\": 4}").body())
                    .contains("\"filtered\":1");
            await().atMost(SOON)
                    .until(() ->
                            agent.count("select count(*) from metrics where name =" + " 'cpu`load'")
                                    == 2);
            assertThat(agent.count("select count(*) from metrics where name = 'tmp'")).isEqualTo(1);
            browser.click("a", "Charts of its metrics");
            browser.see("main", "cpu`load");
            isClean(browser, agent);
        }
    }

    @Test
    void a_custom_metric_is_registered_pushed_and_inspected() throws Exception {
        try (RunningAgent agent = RunningAgent.start(RunningAgent.home(folder.resolve("home")));
                Browser browser = Browser.open(folder.resolve("browser"))) {
            logIn(browser, agent);
            browser.click("a", "New custom metric");
            browser.type("#f-label", "no spaces");
            browser.type("#f-name", "orders");
            browser.see("#w-label", "English letter");
            browser.type("#f-label", "shop.orders");
            pictures(browser, "push-new");
            browser.click("button", "Register");
            browser.see(".said.good", "once data is reported");
            browser.click("button", "Show the token");
            browser.see("button", "Copy the token");
            browser.click("summary", "JSON");
            String json = browser.text("#copy-json");
            assertThat(RunningAgent.postTo(agent.coreAddress() + "/v2/push/", json).statusCode())
                    .isEqualTo(200);

            browser.driver().navigate().refresh();
            browser.see("#indicators tbody tr", "cpu_load");
            browser.click("[aria-label='Edit cpu_load']");
            browser.type("details[open] [name=alias]", "CPU load");
            browser.type("details[open] [name=unit]", "%");
            browser.click("details[open] button", "Save");
            browser.see(".said.good", "cpu_load is saved");
            browser.see("#indicators tbody tr", "CPU load");
            pictures(browser, "push");

            await().atMost(SOON)
                    .until(() ->
                            agent.count("select count(*) from metrics where name = 'cpu_load'")
                                    == 1);
            browser.click("a", "View the data");
            browser.see("h2", "CPU load (cpu_load), %");
            browser.see("[data-chart][data-drawn] canvas");
            browser.see("tbody tr", "module=db");
            pictures(browser, "push-view");
            browser.go(agent.address() + "/ui/push");
            browser.see("tbody tr", "orders");
            pictures(browser, "push-list");
            isClean(browser, agent);
        }
    }

    @Test
    void custom_events_are_told_apart_by_abnormal_and_recovery() throws Exception {
        Path home = RunningAgent.home(folder.resolve("home"));
        Files.writeString(
                home.resolve("conf.d/trapline.conf"),
                Files.readString(home.resolve("conf.d/trapline.conf"))
                        + """
                        [[push]]
                        data_id = 42
                        access_token = "t"
                        type = "event"
                        """);
        try (RunningAgent agent = RunningAgent.start(home);
                Browser browser = Browser.open(folder.resolve("browser"))) {
            String item =
                    "{\"event_name\":\"backup\",\"event\":{\"content\":\"%s\"},\"target\":\"h1\","
                            + "\"dimension\":{\"event_type\":\"%s\"}}";
            String body =
                    "{\"data_id\":42,\"access_token\":\"t\",\"data\":["
                            + item.formatted("disk is full", "abnormal")
                            + ","
                            + item.formatted("disk is fine", "recovery")
                            + "]}";
            assertThat(RunningAgent.postTo(agent.coreAddress() + "/v2/push/", body).statusCode())
                    .isEqualTo(200);
            await().atMost(SOON).until(() -> agent.count("select count(*) from keyevent") == 2);
            browser.go(agent.address() + "/ui/push/view?id=42&range=15m");
            browser.see("[data-chart][data-drawn] canvas");
            assertThat(browser.text("main")).contains("disk is full", "disk is fine");
            assertThat(browser.see("tbody tr", "backup").getText().replaceAll("\\s+", " "))
                    .startsWith("backup 1 2 1 1");
            pictures(browser, "push-events");
            browser.click("a", "Registration, samples and indicators");
            browser.see(".note", "conf.d/trapline.conf");
            isClean(browser, agent);
        }
    }

    @Test
    void a_collector_is_paused_run_now_tried_and_resumed() throws Exception {
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
                        print("counting")
                        self.feed_metric(measurement="queue", tags={"name": "mail"}, fields={"length": 3})
                """);
        String page = "/ui/collector?input=mine&collector=Queue";
        try (Browser browser = Browser.open(folder.resolve("browser"))) {
            try (RunningAgent agent = RunningAgent.start(home)) {
                logIn(browser, agent);
                browser.go(agent.address() + "/");
                browser.see("#live tbody tr", "Queue");
                // Events renew the part while the row stays the same element.
                browser.see("#live[data-events]");
                var row = browser.see("#live tbody tr", "Queue");
                await().atMost(SOON)
                        .until(() ->
                                !"1".equals(browser.see("#live").getAttribute("data-events"))
                                        && browser.see("#live tbody tr", "ok").isDisplayed());
                assertThat(row.isDisplayed()).isTrue();

                await().atMost(SOON).until(() -> agent.count("select count(*) from runs") > 1);
                browser.go(agent.address() + page);
                browser.click(".commands button", "Pause");
                browser.see(".said.good", "paused");
                browser.see(".note", "paused by hand");
                browser.click(".commands button", "Try");
                browser.see("#tried", "1 point would be stored, nothing was");
                assertThat(browser.text("#tried")).contains("length=3", "counting");
                pictures(browser, "collector-tried");
                isClean(browser, agent);
            }
            // Paused stays paused over a restart, and the browser's session holds.
            try (RunningAgent agent = RunningAgent.start(home)) {
                await().atMost(SOON)
                        .until(() ->
                                agent.status()
                                        .path("inputs")
                                        .path(0)
                                        .path("collectors")
                                        .path(0)
                                        .path("state")
                                        .asText()
                                        .equals("paused"));
                browser.go(agent.address() + page);
                browser.see(".lead .pill", "paused");
                browser.see("button", "Log out");
                long runs = agent.count("select count(*) from runs");
                browser.go(agent.address() + page);
                browser.click(".commands button", "Run now");
                browser.see(".said.good", "a run has started");
                await().atMost(SOON)
                        .until(() -> agent.count("select count(*) from runs") == runs + 1);
                browser.go(agent.address() + "/");
                browser.see("#live tbody tr", "paused");
                pictures(browser, "overview-paused");
                browser.click("#live button", "resume");
                browser.see(".said.good", "goes on");
                await().atMost(SOON)
                        .until(() -> agent.count("select count(*) from runs") > runs + 1);
                RunningAgent.Ended told = RunningAgent.run(home, "collectors", "pause", "mine");
                assertThat(told.err()).isEmpty();
                assertThat(told.out().strip()).isEqualTo("paused mine: Queue");
                isClean(browser, agent);
            }
        }
    }

    @Test
    void a_batch_that_was_set_aside_is_sent_again() throws Exception {
        AtomicInteger status = new AtomicInteger(400);
        AtomicInteger taken = new AtomicInteger();
        HttpServer receiver =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext(
                "/",
                exchange -> {
                    exchange.getRequestBody().readAllBytes();
                    byte[] answer =
                            (status.get() == 200
                                            ? "{\"code\":200,\"message\":\"success\",\"result\":true}"
                                            : "{\"code\":400,\"message\":\"no such thing\",\"result\":false}")
                                    .getBytes(java.nio.charset.StandardCharsets.UTF_8);
                    if (status.get() == 200) {
                        taken.incrementAndGet();
                    }
                    exchange.sendResponseHeaders(status.get(), answer.length);
                    exchange.getResponseBody().write(answer);
                    exchange.close();
                });
        receiver.start();
        Path home = RunningAgent.home(folder.resolve("home"));
        Files.writeString(
                home.resolve("conf.d/trapline.conf"),
                Files.readString(home.resolve("conf.d/trapline.conf"))
                        + """
                        [[outputs.push]]
                        name = "central"
                        url = "http://127.0.0.1:%d/v2/push/"
                        data_id = 5
                        access_token = "x"
                        """
                                .formatted(receiver.getAddress().getPort()));
        try (RunningAgent agent = RunningAgent.start(home);
                Browser browser = Browser.open(folder.resolve("browser"))) {
            assertThat(
                            agent.post("/v1/write/metric?input=hello", "queue,name=mail length=3")
                                    .statusCode())
                    .isEqualTo(200);
            browser.go(agent.address() + "/ui/outputs");
            browser.see("#output-central");
            assertThat(browser.sees("#output-central button")).isFalse();
            logIn(browser, agent);
            await().atMost(SOON)
                    .until(() -> {
                        browser.go(agent.address() + "/ui/outputs");
                        return browser.sees("#output-central tbody tr");
                    });
            assertThat(browser.text("#output-central tbody")).contains("no such thing");
            pictures(browser, "outputs");
            status.set(200);
            browser.click("#output-central tbody button", "Send again");
            browser.see(".said.good", "1 on the way again");
            await().atMost(SOON).until(() -> taken.get() == 1);
            await().atMost(SOON)
                    .until(() -> {
                        browser.go(agent.address() + "/ui/outputs");
                        return !browser.sees("#output-central tbody tr");
                    });
            browser.click("#output-central button", "Pause");
            browser.see(".said.good", "Output central is paused now.");
            browser.click("#output-central button", "Resume");
            browser.see(".said.good", "running");
            isClean(browser, agent);
        } finally {
            receiver.stop(0);
        }
    }
}
