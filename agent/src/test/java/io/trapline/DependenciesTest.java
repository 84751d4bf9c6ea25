package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DependenciesTest {
    @Test
    void the_page_names_each_dependency_and_nothing_else() throws IOException {
        Set<String> built =
                all(
                        "<dependency><groupId>([^<]+)</groupId><artifactId>([^<]+)</artifactId>",
                        Path.of("pom.xml"));
        assertThat(built).hasSizeGreaterThan(20);
        assertThat(all("`([a-z0-9.-]+):([A-Za-z0-9_.-]+)`", Path.of("../docs/dependencies.md")))
                .containsExactlyElementsOf(built);
    }

    private static Set<String> all(String pattern, Path file) throws IOException {
        Set<String> all = new TreeSet<>();
        Pattern.compile(pattern)
                .matcher(Files.readString(file))
                .results()
                .forEach(found -> all.add(found.group(1) + ":" + found.group(2)));
        return all;
    }
}
