package io.trapline;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The program's own files, as installed or built.
///
/// @param framework the folder `framework-py`: what collectors import and the workers run
/// @param libraries `*.jar` of the agent, and below it `python/*.jar` of the embedded Python
public record Program(Path framework, Path libraries) {

    /// The Java that runs this process; hosts of embedded inputs run on it too.
    public Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    /// What a host of embedded inputs needs: the embedded Python, and this program's classes.
    public List<Path> hostClassPath() throws IOException {
        try (Stream<Path> python = jars(libraries.resolve("python"));
                Stream<Path> own = jars(libraries)) {
            return Stream.concat(own, python).toList();
        }
    }

    private static Stream<Path> jars(Path folder) throws IOException {
        return Files.list(folder).filter(file -> file.toString().endsWith(".jar")).sorted();
    }
}
