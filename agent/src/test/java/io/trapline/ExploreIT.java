package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.web.Axe;
import io.trapline.web.Browser;
import io.trapline.web.Browser.Theme;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.interactions.Actions;

/// People look around on the pages of the packaged agent, in a real browser and mostly without a
/// mouse. Leaves pictures of every page in `target/screenshots`: light, dark and on a phone.
class ExploreIT {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final int MOST_TABS = 80;
    private static final String CHECK = "a9856a6a-3b46-e18b-d890-acafaa955348";
    private static final String CHART = "/ui/metrics?name=queue.length&range=15m&by=name";

    @TempDir private static Path folder;
    private static RunningAgent agent;
    private static Browser browser;

    @BeforeAll
    static void start() throws Exception {
        Path home = RunningAgent.home(folder.resolve("home"));
        Files.writeString(
                home.resolve("conf.d/trapline.conf"),
                """
                [global_tags]
                host = "web01"
                [[trap]]
                id = "%s"
                secret = "s3cr3t"
                name = "shop"
                target = "10.0.0.1"
                async_metrics = true
                """
                        .formatted(CHECK),
                java.nio.file.StandardOpenOption.APPEND);
        Files.writeString(
                home.resolve("conf.d/pythond.conf"),
                """
                [[inputs.pythond]]
                  name = "shop"
                  dirs = ["shop"]
                  cmd = "python3"
                """);
        Files.createDirectories(home.resolve("python.d/shop"));
        try (InputStream script = ExploreIT.class.getResourceAsStream("/web/shop.py")) {
            Files.copy(
                    Objects.requireNonNull(script, "web/shop.py"),
                    home.resolve("python.d/shop/shop.py"));
        }
        agent = RunningAgent.start(home);
        feedHistograms();
        browser = Browser.open(folder.resolve("browser"));
        browser.driver()
                .executeCdpCommand(
                        "Browser.grantPermissions",
                        Map.of(
                                "origin",
                                agent.address(),
                                "permissions",
                                List.of("clipboardReadWrite", "clipboardSanitizedWrite")));
        for (String enough :
                List.of(
                        "select count(*) > 20 from metrics where name = 'queue.length'",
                        "select count(*) > 20 from logging",
                        "select count(distinct fields->>'df_status') > 1 from keyevent",
                        "select count(*) > 4 from object",
                        "select count(*) > 0 from rum",
                        "select count(*) > 4 from histograms",
                        "select count(*) > 1 from runs where outcome = 'error'")) {
            await(enough).atMost(SOON).until(() -> agent.query(enough).get(0).get(0).asBoolean());
        }
    }

    /// Base64 of records with three bins: 1.0 to 1.1, 2.0 to 2.1, 50 to 51.
    private static void feedHistograms() throws Exception {
        long minute = Instant.now().getEpochSecond() / 60 * 60;
        for (int i = 1; i <= 10; i++) {
            byte[] record = {0, 3, 10, 0, 0, (byte) i, 20, 0, 0, 9, 50, 1, 0, 2};
            String body =
                    "{\"latency\":{\"_type\":\"h\",\"_ts\":%d,\"_value\":\"%s\"}}"
                            .formatted(
                                    (minute - i * 60L) * 1000,
                                    java.util.Base64.getEncoder().encodeToString(record));
            var answer =
                    RunningAgent.put(
                            agent.coreAddress() + "/module/httptrap/" + CHECK + "/s3cr3t", body);
            assertThat(answer.body()).doesNotContain("error");
        }
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
        if (agent != null) {
            agent.close();
        }
    }

    @BeforeEach
    void begin() {
        browser.look(Theme.LIGHT, 1280, 900);
    }

    /// Whatever the test did.
    @AfterEach
    void nothing_was_complained_about_or_asked_of_others() throws IOException {
        assertThat(browser.complaints()).isEmpty();
        assertThat(browser.requestsElsewhere(agent.address())).isEmpty();
    }

    private static Map<String, String> pages() {
        Map<String, String> pages = new LinkedHashMap<>();
        pages.put("overview", "/");
        pages.put("collector", "/ui/collector?input=shop&collector=Broken");
        pages.put("metrics", "/ui/metrics");
        pages.put("metrics-none", "/ui/metrics?name=nothing+like+it&find=names");
        pages.put("chart", CHART + "&compare=hour");
        pages.put("heat", "/ui/metrics?name=latency");
        pages.put("texts", "/ui/metrics?name=shop.version");
        pages.put("logs", "/ui/records?category=logging&range=15m");
        pages.put("logs-none", "/ui/records?category=logging&q=nothing-like-it");
        pages.put("events", "/ui/records?category=keyevent&range=15m");
        pages.put("rum", "/ui/records?category=rum&range=15m");
        pages.put("records", "/ui/records");
        pages.put("objects", "/ui/objects");
        pages.put("object", "/ui/object?category=object&class=docker&host=web01&name=shop-1");
        pages.put("dashboard", "/dashboard");
        pages.put("sql", "/ui/sql");
        pages.put("push-list", "/ui/push");
        pages.put("outputs", "/ui/outputs");
        pages.put("login", "/login");
        return pages;
    }

    @Test
    void every_page_can_be_read_by_everybody_in_both_themes_and_on_a_phone() throws Exception {
        StringBuilder wrong = new StringBuilder();
        for (Map.Entry<String, String> page : pages().entrySet()) {
            for (Theme theme : Theme.values()) {
                browser.look(theme, 1280, 900);
                browser.go(agent.address() + page.getValue());
                settle();
                browser.picture(
                        page.getKey() + "-" + theme.name().toLowerCase(java.util.Locale.ROOT));
                assertThat(browser.complaints()).as(page.getKey()).isEmpty();
                wrong.append(Axe.violations(browser, page.getKey() + " " + theme));
            }
            browser.look(Theme.LIGHT, 390, 844);
            browser.go(agent.address() + page.getValue());
            settle();
            browser.picture(page.getKey() + "-phone");
            if (number("document.documentElement.scrollWidth") > 390) {
                wrong.append(page.getKey()).append(" is wider than a phone\n");
            }
        }
        assertThat(wrong.toString()).isEmpty();
    }

    @Test
    void a_broken_collector_is_found_and_understood_by_keyboard() {
        browser.go(agent.address() + "/");
        browser.see("h1.verdict.bad", "need");
        tabTo("Broken").sendKeys(Keys.ENTER);
        browser.see("h1", "Broken");
        assertThat(browser.text(".trace")).contains("KeyError: 'pears'");
        assertThat(browser.text(".source .culprit")).contains("stock[\"pears\"]");
        assertThat(browser.text(".prints")).contains("looking for pears");
    }

    @Test
    void a_metric_is_found_charted_grouped_compared_and_copied_by_keyboard() throws Exception {
        browser.go(agent.address() + "/ui/metrics");
        tabTo("Name").sendKeys("eue.len");
        await("suggestions")
                .atMost(SOON)
                .until(() ->
                        number(
                                        "document.querySelectorAll('#names option[value=\"queue.length\"]').length")
                                == 1);
        browser.driver().switchTo().activeElement().sendKeys(Keys.ENTER);
        browser.see("h1", "eue.len");
        // No metric is called so: the names that contain it are one button away.
        tabTo("Find names like this").sendKeys(Keys.ENTER);
        tabTo("queue.length").sendKeys(Keys.ENTER);
        browser.see("h1", "queue.length");
        drawn();
        assertThat(rows("#figures tbody")).isEqualTo(6);

        tabTo("A line for each").sendKeys("name");
        tabTo("Compare with").sendKeys("the time before");
        tabTo("Value").sendKeys("max");
        tabTo("Show").sendKeys(Keys.ENTER);
        browser.see("#figures tbody th", "orders");
        assertThat(browser.url()).contains("by=name", "compare=range", "agg=max");
        assertThat(rows("#figures tbody tr:not(.earlier) th")).isEqualTo(3);
        drawn();

        tabTo("Copy as CSV").sendKeys(Keys.ENTER);
        browser.see("#copied", "copied");
        assertThat(clipboard()).startsWith("time,line,value\n2").contains(",orders,");
        tabTo("Copy as JSON").sendKeys(Keys.ENTER);
        await().atMost(SOON).until(() -> clipboard().startsWith("[{\"name\":"));
        tabTo("Copy as SQL").sendKeys(Keys.ENTER);
        await().atMost(SOON).until(() -> clipboard().startsWith("SELECT "));
        assertThat(agent.query(clipboard())).isNotEmpty();
    }

    @Test
    void tags_are_completed_one_after_the_other() {
        browser.go(agent.address() + "/ui/metrics");
        tabTo("Tags").sendKeys("name=orders, zo");
        await("suggestions")
                .atMost(SOON)
                .until(() ->
                        number(
                                        "document.querySelectorAll('#tags option[value=\"name=orders,"
                                                + " zone=a\"]').length")
                                == 1);
        browser.driver().switchTo().activeElement().sendKeys("ne=a", Keys.ENTER);
        browser.see("tbody th", "queue.length");
        assertThat(rows("tbody tr")).isEqualTo(2);
    }

    @Test
    void a_stretch_of_a_chart_is_zoomed_with_the_mouse_and_left_by_keyboard() {
        browser.go(agent.address() + CHART);
        drawn();
        WebElement chart = browser.see("[data-chart]");
        new Actions(browser.driver())
                .moveToElement(chart, -200, 0)
                .clickAndHold()
                .moveByOffset(100, 0)
                .moveByOffset(100, 0)
                .release()
                .perform();
        await().atMost(SOON).until(() -> browser.url().contains("from="));
        browser.see(".moves", " to ");
        tabTo("zoom out").sendKeys(Keys.ENTER);
        tabTo("now").sendKeys(Keys.ENTER);
        await().atMost(SOON).until(() -> !browser.url().contains("from="));
    }

    @Test
    void histograms_are_a_heat_map_with_quantiles_in_a_table() {
        browser.go(agent.address() + "/ui/metrics?name=latency");
        drawn();
        assertThat(browser.see("select[name=agg]").getAttribute("value")).isEqualTo("heat map");
        assertThat(browser.text("#figures tbody")).contains("latency", "165", "51");
        browser.go(agent.address() + "/ui/metrics?name=latency&agg=p50&by=all");
        drawn();
        assertThat(browser.text("#figures tbody td:nth-of-type(4)")).isEqualTo("51");
    }

    @Test
    void logs_are_searched_and_followed_live_and_paused() {
        browser.go(agent.address() + "/ui/records?category=logging&range=15m");
        drawn();
        tabTo("Search").sendKeys("\"disk full\" status:error -user:nobody", Keys.ENTER);
        browser.see("#rows tr");
        assertThat(browser.driver().findElements(org.openqa.selenium.By.cssSelector("#rows .pill")))
                .isNotEmpty()
                .allMatch(pill -> pill.getText().equals("error"));

        browser.go(agent.address() + "/ui/records?category=logging&range=15m");
        tabTo("Live tail").sendKeys(Keys.SPACE);
        browser.see("#rows tr.fresh");
        WebElement first = browser.see("#rows tr.fresh summary");
        first.click();
        browser.see("#rows dl.whole a", "pythond/shop/Talk");
        browser.click("#tail", "Pause");
        browser.see("#tailing", "paused after");
        int before = rows("#rows tr");
        assertThat(before).isGreaterThan(0);
        assertThat(browser.see("#tail").getAttribute("aria-pressed")).isEqualTo("false");
        tabTo("Live tail").sendKeys(Keys.SPACE);
        await("rows after the pause")
                .atMost(SOON)
                .until(() -> rows("#rows tr") > before || rows("#rows tr") == 300);
    }

    @Test
    void an_event_that_has_not_recovered_stands_out() {
        browser.go(agent.address() + "/ui/records?category=keyevent&range=15m");
        assertThat(browser.text("section.card")).contains("Not recovered", "CPU is busy");
        assertThat(browser.text("section.card")).doesNotContain("Backup");
        browser.click("nav[aria-label=State] a", "critical");
        browser.see("#rows tr .pill.bad", "critical");
        assertThat(browser.sees("#rows tr .pill.good")).isFalse();
    }

    @Test
    void an_object_has_its_latest_state_and_what_changed() {
        browser.go(agent.address() + "/ui/objects");
        browser.click("tbody a", "shop-1");
        browser.see("h1", "shop-1");
        assertThat(browser.text("dl.whole")).contains("image", "shop:2.4.");
        browser.see(".changes", "starts");
        browser.see("tbody", "the first report in the store");
    }

    @Test
    void a_query_is_run_charted_and_mended_by_keyboard() {
        browser.go(agent.address() + "/ui/sql");
        tabTo("Samples a minute, by source (a chart)").sendKeys(Keys.ENTER);
        browser.see("textarea", "time_bucket");
        tabTo("Run").sendKeys(Keys.ENTER);
        browser.see("#answer table");
        assertThat(browser.text("#answer [role=status]")).contains("row");

        browser.type("textarea", "SELECT outcome, count(*) AS runs FROM runs GROUP BY ALL");
        browser.driver().switchTo().activeElement().sendKeys(Keys.chord(Keys.CONTROL, Keys.ENTER));
        browser.see("#answer td", "error");
        drawn();

        browser.type("textarea", "SELECT nothing FROM metrics");
        tabTo("Run").sendKeys(Keys.ENTER);
        browser.see("#answer [role=alert]", "nothing");
        assertThat(browser.see("textarea").getAttribute("value")).contains("SELECT nothing");
    }

    @Test
    void a_query_that_takes_too_long_is_cancelled() {
        browser.go(agent.address() + "/ui/sql");
        browser.type(
                "textarea",
                "SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range % 7 = b.range % 5");
        tabTo("Run").sendKeys(Keys.ENTER);
        tabTo("Cancel").sendKeys(Keys.ENTER);
        browser.see("#answer [role=alert]", "the query was cancelled");
        browser.see("#start:not([disabled])");
    }

    @Test
    void a_chart_is_pinned_moved_and_taken_off_by_who_has_the_token() throws Exception {
        browser.go(agent.address() + CHART);
        tabTo("Pin to the dashboard").sendKeys(Keys.ENTER);
        browser.see("h1", "Log in");
        browser.type(
                "input[name=token]",
                Files.readString(agent.home().resolve("data/admin.token")).strip());
        browser.press(Keys.ENTER);
        browser.see("h1", "queue.length");

        tabTo("Pin to the dashboard").sendKeys(Keys.ENTER);
        browser.see("h1", "Dashboard");
        drawn();
        browser.go(agent.address() + "/ui/metrics?name=latency");
        tabTo("Pin to the dashboard").sendKeys(Keys.ENTER);
        browser.see(".board section:nth-child(2) h2", "latency");
        drawn();
        browser.picture("dashboard-pinned");
        for (Theme theme : Theme.values()) {
            browser.look(theme, 1280, 900);
            browser.go(agent.address() + "/dashboard");
            settle();
            assertThat(Axe.violations(browser, "pinned " + theme)).isEmpty();
        }
        browser.click("button[aria-label='Move latency forward']");
        browser.see(".board section:nth-child(1) h2", "latency");
        browser.click("button[aria-label='Take latency off the dashboard']");
        browser.seeGone(".board section:nth-child(2)");
        browser.click("button[aria-label='Take queue.length off the dashboard']");
        browser.see("p.lead", "No chart is pinned");
    }

    /// Goes on by Tab until something with this name has the focus: a link, a button or a field.
    private static WebElement tabTo(String name) {
        StringBuilder passed = new StringBuilder();
        for (int i = 0; i < MOST_TABS; i++) {
            WebElement at = browser.driver().switchTo().activeElement();
            String called =
                    String.valueOf(
                            browser.driver()
                                    .executeScript(
                                            """
                                            const at = arguments[0];
                                            const label = at.labels?.[0];
                                            return (at.getAttribute("aria-label")
                                                ?? (label ? label.firstChild.textContent : at.innerText)).trim();
                                            """,
                                            at));
            if (called.equals(name)) {
                return at;
            }
            passed.append(called.lines().findFirst().orElse("")).append(" > ");
            at.sendKeys(Keys.TAB);
        }
        throw new AssertionError("Tab did not lead to " + name + ", but through " + passed);
    }

    /// Until every chart of the page has something in it.
    private static void drawn() {
        browser.see("[data-chart][data-drawn]:not([data-drawn='0']) canvas");
        settle();
        assertThat(browser.sees("[data-failed]")).isFalse();
    }

    private static void settle() {
        await("charts")
                .atMost(SOON)
                .until(() ->
                        number("document.querySelectorAll('[data-chart]:not([data-drawn])').length")
                                == 0);
    }

    private static int rows(String css) {
        return (int)
                number(
                        "document.querySelectorAll('"
                                + css
                                + (css.endsWith("tbody") ? " tr" : "")
                                + "').length");
    }

    private static long number(String script) {
        return ((Number) Objects.requireNonNull(browser.driver().executeScript("return " + script)))
                .longValue();
    }

    private static String clipboard() {
        return String.valueOf(
                browser.driver()
                        .executeAsyncScript(
                                "navigator.clipboard.readText().then(arguments[0], e => arguments[0]('' + e))"));
    }
}
