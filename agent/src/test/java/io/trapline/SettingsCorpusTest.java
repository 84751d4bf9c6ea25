package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.Settings.Loaded;
import io.trapline.collector.InputSettings;
import io.trapline.config.ProblemReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Each directory below `config/bad` and `config/good` is a `conf.d`. What `expected.txt` says: for
/// a bad one every line of the report, then what an agent would start with; for a good one the
/// values it must have (others are not looked at) and, after `!`, every line of the report.
class SettingsCorpusTest {
    private static final Map<String, String> ENVIRONMENT =
            Map.of("HOME", "/home/u", "NAME", "from-env", "EMPTY", "");
    private static final HostIdentity HOST =
            new HostIdentity("h1", Optional.of("10.1.2.3"), "id-1");
    private static final Set<String> PROGRAMS = Set.of("python3", "/usr/bin/python3");

    @TempDir Path homes;

    @TestFactory
    Stream<DynamicTest> every_problem_is_reported_at_its_place() throws IOException {
        return cases("bad").map(name -> DynamicTest.dynamicTest(name, () -> bad(name)));
    }

    @TestFactory
    Stream<DynamicTest> what_is_written_is_in_force() throws IOException {
        return cases("good").map(name -> DynamicTest.dynamicTest(name, () -> good(name)));
    }

    private void bad(String name) throws IOException {
        Path home = home("bad", name);
        Loaded loaded = load(home);
        List<String> actual = new ArrayList<>(ProblemReport.lines(home, loaded.problems()));
        actual.add(
                switch (loaded) {
                    case Loaded.Unusable _ -> "=> nothing to start with";
                    case Loaded.Usable(Settings settings, _) ->
                            "=> inputs: "
                                    + settings.inputs().stream()
                                            .map(InputSettings::name)
                                            .collect(Collectors.joining(", "));
                });
        assertThat(actual).containsExactlyElementsOf(expected("bad", name));
    }

    private void good(String name) throws IOException {
        Path home = home("good", name);
        Loaded loaded = load(home);
        List<String> report =
                ProblemReport.lines(home, loaded.problems()).stream()
                        .map(line -> "! " + line)
                        .toList();
        assertThat(report)
                .containsExactlyElementsOf(
                        expected("good", name).stream()
                                .filter(line -> line.startsWith("! "))
                                .toList());
        assertThat(loaded).isInstanceOf(Loaded.Usable.class);
        Map<String, String> values = new TreeMap<>();
        flatten("", ((Loaded.Usable) loaded).settings(), values);
        for (String line : expected("good", name)) {
            if (!line.startsWith("! ")) {
                String[] parts = line.split(" = ", 2);
                assertThat(values.getOrDefault(parts[0], "none")).as(parts[0]).isEqualTo(parts[1]);
            }
        }
    }

    private static Loaded load(Path home) {
        return Settings.load(
                home,
                new Settings.Surroundings(
                        ENVIRONMENT,
                        HOST,
                        cmd ->
                                PROGRAMS.contains(cmd)
                                        ? Optional.of(Path.of("/usr/bin/python3"))
                                        : Optional.empty()));
    }

    /// Records by their components, lists by index, optionals by what is in them.
    private static void flatten(String path, Object value, Map<String, String> into) {
        switch (value) {
            case Optional<?> optional when optional.isEmpty() -> into.put(path, "absent");
            case Optional<?> optional -> flatten(path, optional.get(), into);
            case List<?> list -> {
                into.put(path, list.toString());
                for (int i = 0; i < list.size(); i++) {
                    flatten(path + "." + i, list.get(i), into);
                }
            }
            case Map<?, ?> map -> into.put(path, new TreeMap<>(map).toString());
            case Record whole -> {
                into.put(path, whole.toString());
                for (RecordComponent part : whole.getClass().getRecordComponents()) {
                    String below = path.isEmpty() ? part.getName() : path + "." + part.getName();
                    flatten(below, component(whole, part), into);
                }
            }
            default -> into.put(path, value.toString());
        }
    }

    private static Object component(Record whole, RecordComponent part) {
        try {
            part.getAccessor().setAccessible(true);
            return Objects.requireNonNull(part.getAccessor().invoke(whole));
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("cannot read " + part, e);
        }
    }

    private static Stream<String> cases(String kind) throws IOException {
        try (Stream<Path> directories = Files.list(corpus().resolve(kind))) {
            return directories
                    .map(path -> path.getFileName().toString())
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    private static List<String> expected(String kind, String name) throws IOException {
        Path file = corpus().resolve(kind).resolve(name).resolve("expected.txt");
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    private Path home(String kind, String name) throws IOException {
        Path home = homes.resolve(kind + "-" + name);
        Path from = corpus().resolve(kind).resolve(name);
        try (Stream<Path> files = Files.walk(from)) {
            files.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith("expected.txt"))
                    .forEach(file ->
                            copy(
                                    file,
                                    home.resolve("conf.d")
                                            .resolve(from.relativize(file).toString())));
        }
        return home;
    }

    private static void copy(Path from, Path to) {
        try {
            Files.createDirectories(to.getParent());
            Files.copy(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException("copying " + from, e);
        }
    }

    private static Path corpus() {
        try {
            return Path.of(
                    Objects.requireNonNull(SettingsCorpusTest.class.getResource("/config"))
                            .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the corpus is not on the class path", e);
        }
    }
}
