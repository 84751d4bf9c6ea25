package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutableLookupTest {
    @TempDir Path home;
    private ExecutableLookup lookup = cmd -> java.util.Optional.empty();

    @BeforeEach
    void two_directories_on_the_path() throws IOException {
        program("one/python3", "rw-r--r--");
        program("two/python3", "rwxr-xr-x");
        program("venv/bin/python", "rwxr-xr-x");
        Files.createDirectories(home.resolve("two/folder"));
        lookup = ExecutableLookup.on(home.resolve("one") + "::" + home.resolve("two"), home);
    }

    @Test
    void a_name_is_the_first_on_the_path_that_may_be_executed() {
        assertThat(lookup.find("python3")).contains(home.resolve("two/python3"));
    }

    @Test
    void a_name_is_not_looked_up_elsewhere() {
        assertThat(lookup.find("python")).isEmpty();
        assertThat(lookup.find("folder")).isEmpty();
        assertThat(lookup.find("no\0name")).isEmpty();
    }

    @Test
    void a_path_may_be_absolute_or_start_at_home() {
        Path python = home.resolve("venv/bin/python");
        assertThat(lookup.find(python.toString())).contains(python);
        assertThat(lookup.find("venv/bin/python")).contains(python);
        assertThat(lookup.find("./venv/bin/python")).contains(python);
        assertThat(lookup.find("one/python3")).isEmpty();
    }

    private void program(String name, String permissions) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }
}
