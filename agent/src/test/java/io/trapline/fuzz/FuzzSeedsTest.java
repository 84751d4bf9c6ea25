package io.trapline.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every fuzz target with every seed it has: those made by hand, and what fuzzing found.
class FuzzSeedsTest {
    private static final String SUFFIX = "Fuzz.class";

    /// What takes so long has a cost that is not bounded.
    private static final Duration MOST = Duration.ofMinutes(1);

    @TestFactory
    Stream<DynamicContainer> every_seed_keeps_the_promises_of_its_target() throws Exception {
        return targets().entrySet().stream()
                .map(target ->
                        DynamicContainer.dynamicContainer(
                                target.getKey(),
                                seeds(target.getKey()).stream()
                                        .map(seed ->
                                                DynamicTest.dynamicTest(
                                                        seed.getFileName().toString(),
                                                        () -> run(target.getValue(), seed)))));
    }

    @Test
    void every_target_has_seeds_and_every_folder_of_seeds_has_a_target() throws Exception {
        Set<String> folders;
        try (Stream<Path> all = Files.list(folder("/fuzz"))) {
            folders =
                    all.map(path -> path.getFileName().toString())
                            .collect(Collectors.toCollection(TreeSet::new));
        }
        assertThat(folders).isNotEmpty().isEqualTo(targets().keySet());
        assertThat(folders).allSatisfy(target -> assertThat(seeds(target)).isNotEmpty());
    }

    private static void run(MethodHandle target, Path seed) throws IOException {
        byte[] input = Files.readAllBytes(seed);
        assertTimeoutPreemptively(
                MOST,
                () -> {
                    target.invoke(input);
                });
    }

    private static Map<String, MethodHandle> targets() throws Exception {
        Path classes = folder("/");
        List<Path> files;
        try (Stream<Path> all = Files.walk(classes)) {
            files = all.filter(path -> path.toString().endsWith(SUFFIX)).toList();
        }
        Map<String, MethodHandle> targets = new TreeMap<>();
        for (Path file : files) {
            String name = file.getFileName().toString();
            String qualified = classes.relativize(file).toString().replace('/', '.');
            Class<?> type =
                    Class.forName(qualified.substring(0, qualified.length() - ".class".length()));
            targets.put(
                    name.substring(0, name.length() - SUFFIX.length()),
                    MethodHandles.publicLookup()
                            .findStatic(
                                    type,
                                    "fuzzerTestOneInput",
                                    MethodType.methodType(void.class, byte[].class)));
        }
        return targets;
    }

    private static List<Path> seeds(String target) {
        try (Stream<Path> all = Files.list(folder("/fuzz/" + target))) {
            return all.sorted().toList();
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException("the seeds of " + target + " cannot be read", e);
        }
    }

    private static Path folder(String name) throws URISyntaxException {
        URL found = FuzzSeedsTest.class.getResource(name);
        return Path.of(Objects.requireNonNull(found, name).toURI());
    }
}
