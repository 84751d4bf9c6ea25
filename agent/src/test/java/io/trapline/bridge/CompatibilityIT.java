package io.trapline.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.bridge.WorkerListener.RunEnd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// The cases under `pythond/compat` report the same points in both kinds of worker, or those that
/// `differences.json` there states, with the reason.
///
/// `docs/python-compatibility.md` is made from them; its first lines have the command.
final class CompatibilityIT {
    private static final Path PAGE = Path.of("../docs/python-compatibility.md");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> GROUPS =
            List.of("processes", "concurrency", "network", "files", "data", "times", "system");

    /// They import what is one input's of a process.
    private static final Set<String> OWN = Set.of("data", "system");

    private static Path folder;
    private static Map<String, Map<String, JsonNode>> external;
    private static Map<String, Map<String, JsonNode>> embedded;
    private static JsonNode differences;

    @BeforeAll
    static void runBoth(@TempDir Path home) throws Exception {
        folder = Path.of("target/test-classes/pythond/compat").toAbsolutePath();
        differences = JSON.readTree(folder.resolve("differences.json").toFile());
        Path java = Path.of(ProcessHandle.current().info().command().orElseThrow());
        Optional<Path> python3 = Optional.of(PythonBridge.executable("python3", System.getenv()));
        try (PythonBridge bridge =
                new PythonBridge(
                        ExternalWorkerTest.FRAMEWORK,
                        java,
                        EmbeddedWorkerIT.hostClassPath(),
                        EmbeddedWorkerIT.DATA,
                        384)) {
            CompletableFuture<Map<String, Map<String, JsonNode>>> other =
                    CompletableFuture.supplyAsync(() -> run(bridge, python3, home));
            embedded = run(bridge, Optional.empty(), home);
            external = other.join();
        }
    }

    /// group -> case -> fields
    private static Map<String, Map<String, JsonNode>> run(
            Bridge bridge, Optional<Path> command, Path home) {
        Map<String, Map<String, JsonNode>> found = new LinkedHashMap<>();
        for (String group : GROUPS) {
            Heard heard = new Heard();
            WorkerSpec spec =
                    new WorkerSpec(
                            group,
                            command,
                            OWN.contains(group),
                            List.of(
                                    new WorkerSpec.Module(
                                            group, folder.resolve(group + ".py"), folder)),
                            Map.of("HOME", home.toString(), "TZ", "UTC"),
                            "127.0.0.1",
                            9529);
            try (Worker worker = bridge.open(spec, heard)) {
                assertThat(worker.problems()).isEmpty();
                long run = 0;
                do { // a case that ends its run is missed among the reports
                    worker.start(worker.collectors().getFirst().id(), ++run);
                } while (!heard.awaitEnd(run).equals(new RunEnd.Returned()));
            } catch (WorkerException | InterruptedException e) {
                throw new AssertionError(e);
            }
            Map<String, JsonNode> fields = new TreeMap<>();
            for (Heard.Report report : heard.reports) {
                JsonNode point = report.request().at("/points/0");
                fields.put(point.get("measurement").asText(), point.get("fields"));
            }
            found.put(group, fields);
        }
        return found;
    }

    @TestFactory
    Stream<DynamicTest> both_kinds_report_the_same_or_what_is_stated() {
        List<DynamicTest> tests = new ArrayList<>();
        external.forEach((group, cases) ->
                cases.forEach((name, fields) ->
                        tests.add(
                                dynamicTest(
                                        name,
                                        () ->
                                                check(
                                                        fields,
                                                        embedded.getOrDefault(group, Map.of())
                                                                .get(name),
                                                        name)))));
        return tests.stream();
    }

    private static void check(JsonNode inPython3, @Nullable JsonNode inEmbedded, String name) {
        JsonNode difference = differences.get(name);
        assertThat(inEmbedded).as("points of a case that did not end its run").isNotNull();
        if (difference == null) {
            assertThat(inEmbedded).isEqualTo(inPython3);
        } else {
            assertThat(inEmbedded).isEqualTo(difference.get("embedded"));
            assertThat(inPython3)
                    .as("no difference any more: delete it from differences.json")
                    .isNotEqualTo(inEmbedded);
        }
    }

    @Test
    void there_are_many_cases_and_each_stated_difference_is_one_of_them() {
        List<String> names =
                external.values().stream().flatMap(cases -> cases.keySet().stream()).toList();
        assertThat(names).doesNotHaveDuplicates().hasSizeGreaterThan(240);
        assertThat(names).containsAll(() -> differences.fieldNames());
    }

    /// What cannot work says how it can: by its message, or nowhere but in the page.
    @Test
    void what_fails_only_in_the_embedded_python_names_the_way_out() {
        differences.forEachEntry((name, difference) -> {
            String text = difference.at("/embedded/value").asText();
            boolean fails = text.matches("\\w*Error: .*|NotEmbeddable: .*");
            if (fails && inPython3(name).startsWith("nothing, but returned")) {
                assertThat(text).as(name).contains("cmd = \"python3\"");
            }
        });
    }

    private static String inPython3(String name) {
        return external.values().stream()
                .filter(cases -> cases.containsKey(name))
                .map(cases -> cases.get(name).path("value").asText())
                .findFirst()
                .orElse("");
    }

    @Test
    void the_page_of_the_documentation_is_current() throws Exception {
        String page = page();
        if ("write".equals(System.getProperty("trapline.docs"))) {
            Files.writeString(PAGE, page);
        }
        assertThat(PAGE).content().isEqualTo(page);
    }

    private static String page() throws Exception {
        StringBuilder page = new StringBuilder();
        long all = external.values().stream().mapToLong(Map::size).sum();
        page.append(
                """
                # What works in the embedded Python

                Made by `mvn -B verify -pl agent -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=CompatibilityIT -Dtrapline.docs=write` from the cases under
                `agent/src/test/resources/pythond/compat`; do not edit. Each case is a few lines of Python that run in both kinds of worker, through the real
                bridge, and report what they found. Of %d cases, %d report the same in the embedded Python (`cmd` absent; GraalPy, Python 3.12) and in the host's
                `python3`. The others are below, each with what happens instead. What cannot work fails with a message that names the way out: `cmd = "python3"`.

                ## What differs

                | module | what | in the embedded Python |
                | --- | --- | --- |
                """
                        .formatted(all, all - differences.size()));
        for (Map<String, JsonNode> cases : external.values()) {
            for (String name : cases.keySet()) {
                if (differences.has(name)) {
                    page.append(
                            "| `%s` | %s | %s |\n"
                                    .formatted(
                                            module(name),
                                            what(name),
                                            differences.get(name).get("why").asText()));
                }
            }
        }
        page.append("\n## What is the same\n");
        for (Map.Entry<String, Map<String, JsonNode>> group : external.entrySet()) {
            String source = Files.readString(folder.resolve(group.getKey() + ".py"));
            page.append("\n**")
                    .append(source, 3, source.indexOf("\"\"\"", 3))
                    .append("**\n\n| module | what |\n| --- | --- |\n");
            Map<String, List<String>> same = new TreeMap<>();
            for (String name : group.getValue().keySet()) {
                if (!differences.has(name)) {
                    same.computeIfAbsent(module(name), _ -> new ArrayList<>()).add(what(name));
                }
            }
            same.forEach((module, what) ->
                    page.append("| `%s` | %s |\n".formatted(module, String.join("; ", what))));
        }
        return page.toString();
    }

    private static String module(String name) {
        return name.substring(0, name.indexOf("__"));
    }

    private static String what(String name) {
        return name.substring(name.indexOf("__") + 2).replace('_', ' ');
    }
}
