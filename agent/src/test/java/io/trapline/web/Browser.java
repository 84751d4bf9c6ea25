package io.trapline.web;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.NoSuchElementException;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/// A headless chromium, driven as a person would use it: look, click, type. Every wait has an end
/// and says what was not seen.
///
/// It fails, and does not skip, when chromium or chromedriver is missing: `dev/test` installs both.
public final class Browser implements AutoCloseable {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path PICTURES = Path.of("target/screenshots");

    private final ChromeDriver driver;

    public enum Theme {
        LIGHT,
        DARK
    }

    private Browser(ChromeDriver driver) {
        this.driver = driver;
    }

    /// Light, 1280 by 900.
    ///
    /// @param profile a folder of this browser's own
    public static Browser open(Path profile) {
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(executable("chromium"));
        options.setCapability("goog:loggingPrefs", logs);
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--window-size=1280,900",
                "--user-data-dir=" + profile.toAbsolutePath());
        ChromeDriverService service =
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(executable("chromedriver"))
                        .usingAnyFreePort()
                        .build();
        ChromeDriver driver = new ChromeDriver(service, options);
        driver.manage().timeouts().pageLoadTimeout(SOON).scriptTimeout(SOON);
        Browser browser = new Browser(driver);
        browser.look(Theme.LIGHT, 1280, 900);
        return browser;
    }

    private static File executable(String name) {
        return Stream.of(
                        Objects.requireNonNullElse(System.getenv("PATH"), "")
                                .split(File.pathSeparator))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() ->
                        new AssertionError(
                                name
                                        + " is not on the PATH; ./dev/test installs it (Debian:"
                                        + " apt-get install chromium chromium-driver)"))
                .toFile();
    }

    /// For what has no word here.
    public ChromeDriver driver() {
        return driver;
    }

    /// From now on, on every page.
    public void look(Theme theme, int width, int height) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of(
                        "features",
                        List.of(
                                Map.of(
                                        "name",
                                        "prefers-color-scheme",
                                        "value",
                                        theme == Theme.DARK ? "dark" : "light"))));
    }

    public void go(String url) {
        driver.get(url);
    }

    public String url() {
        return Objects.requireNonNull(driver.getCurrentUrl());
    }

    /// The first visible element, as soon as there is one.
    public WebElement see(String css) {
        return see(css, "");
    }

    /// The first visible element whose text contains `text`, as soon as there is one.
    public WebElement see(String css, String text) {
        return await("to see " + css + (text.isEmpty() ? "" : " with \"" + text + "\""))
                .atMost(SOON)
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsMatching(Browser::isPassing)
                .until(
                        () ->
                                driver.findElements(By.cssSelector(css)).stream()
                                        .filter(WebElement::isDisplayed)
                                        .filter(found -> found.getText().contains(text))
                                        .findFirst()
                                        .orElse(null),
                        Objects::nonNull);
    }

    /// Returns when nothing visible fits any longer.
    public void seeGone(String css) {
        await(css + " to go away")
                .atMost(SOON)
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsMatching(Browser::isPassing)
                .until(() ->
                        driver.findElements(By.cssSelector(css)).stream()
                                .noneMatch(WebElement::isDisplayed));
    }

    public boolean sees(String css) {
        return driver.findElements(By.cssSelector(css)).stream().anyMatch(WebElement::isDisplayed);
    }

    public String text(String css) {
        return see(css).getText();
    }

    public void click(String css) {
        click(css, "");
    }

    /// @param text what the element says
    public void click(String css, String text) {
        await("to click " + css + (text.isEmpty() ? "" : " with \"" + text + "\""))
                .atMost(SOON)
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsMatching(Browser::isPassing)
                .until(() -> {
                    WebElement found = see(css, text);
                    // Not below the bar that stays at the top.
                    driver.executeScript(
                            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})",
                            found);
                    found.click();
                    return true;
                });
    }

    /// Replaces what the field holds.
    public void type(String css, CharSequence text) {
        WebElement field = see(css);
        field.clear();
        field.sendKeys(text);
    }

    /// To whatever has the focus.
    public void press(Keys... keys) {
        for (Keys key : keys) {
            driver.switchTo().activeElement().sendKeys(key);
        }
    }

    /// The whole page, also what is below the window's edge, as `target/screenshots/<name>.png`.
    public Path picture(String name) throws IOException {
        driver.executeScript("scrollTo({top: 0, behavior: 'instant'})");
        Object data =
                driver.executeCdpCommand(
                                "Page.captureScreenshot",
                                Map.of("format", "png", "captureBeyondViewport", true))
                        .get("data");
        Path file = Files.createDirectories(PICTURES).resolve(name + ".png");
        return Files.write(file, Base64.getDecoder().decode((String) Objects.requireNonNull(data)));
    }

    /// What the console has said since the last time: errors, refused scripts and styles, failed
    /// requests.
    public List<String> complaints() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(LogEntry::getMessage)
                .toList();
    }

    /// The addresses of everything asked for since the last time that is not below `origin`.
    public List<String> requestsElsewhere(String origin) throws IOException {
        String ours = URI.create(origin).getAuthority();
        List<String> elsewhere = new ArrayList<>();
        for (LogEntry entry : driver.manage().logs().get(LogType.PERFORMANCE)) {
            JsonNode message = JSON.readTree(entry.getMessage()).path("message");
            if (message.path("method").asText().equals("Network.requestWillBeSent")) {
                String url = message.path("params").path("request").path("url").asText();
                if ((url.startsWith("http") || url.startsWith("ws"))
                        && !ours.equals(URI.create(url).getRawAuthority())) {
                    elsewhere.add(url);
                }
            }
        }
        return elsewhere;
    }

    /// The page is being changed right now; another look will tell.
    private static boolean isPassing(Throwable failure) {
        return failure instanceof StaleElementReferenceException
                || failure instanceof NoSuchElementException
                || failure instanceof org.openqa.selenium.ElementClickInterceptedException
                || failure instanceof org.openqa.selenium.ElementNotInteractableException;
    }

    @Override
    public void close() {
        driver.quit();
    }
}
