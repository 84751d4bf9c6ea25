package io.trapline.web;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/// axe-core, which finds what keeps people from using a page.
public final class Axe {
    private static final String SCRIPT = load();

    private Axe() {}

    private static String load() {
        try (InputStream script =
                Axe.class.getResourceAsStream(
                        "/META-INF/resources/webjars/axe-core/4.6.3/axe.min.js")) {
            return new String(
                    Objects.requireNonNull(script, "axe-core").readAllBytes(),
                    StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("axe-core cannot be read", e);
        }
    }

    /// What is serious or critical on the page that the browser shows, with where it is; empty when
    /// nothing is. Forgets what the console has said: some of it is about what axe tried.
    ///
    /// @param page for the answer
    public static String violations(Browser browser, String page) {
        browser.driver().executeScript(SCRIPT);
        Object found =
                browser.driver()
                        .executeAsyncScript(
                                """
                                const done = arguments[arguments.length - 1];
                                axe.run(document, { resultTypes: ["violations"] }).then(
                                    result => done(result.violations
                                        .filter(one => one.impact === "serious" || one.impact === "critical")
                                        .map(one => one.id + ": " + one.nodes.map(node => node.html).join(" | "))
                                        .join("\\n")),
                                    error => done("axe: " + error));
                                """);
        String text = String.valueOf(found);
        var _ = browser.complaints();
        return text.isEmpty() ? "" : page + ": " + text + "\n";
    }
}
