package io.trapline;

import io.trapline.bridge.PythonBridge;
import io.trapline.files.FileTrust;
import io.trapline.files.Objection;
import io.trapline.store.host.HostCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
        List<Path> all = new ArrayList<>(jars(libraries));
        all.addAll(jars(libraries.resolve("python")));
        return all;
    }

    /// How store hosts are started: this program, with the start cache that the launcher found to
    /// be of these very libraries.
    public HostCommand storeHost() {
        return HostCommand.ofThisProgram(
                java(),
                Optional.of(System.getProperty("trapline.cache", ""))
                        .filter(cache -> !cache.isEmpty())
                        .map(Path::of));
    }

    /// Makes the start cache of the embedded Python's hosts; part of building the program.
    public void train(Home home) throws IOException, InterruptedException {
        PythonBridge.train(framework, java(), hostClassPath(), home.data().resolve("python"));
    }

    /// Whether others can change this program itself, which is too late to be refused: it runs.
    public Optional<String> objection() {
        FileTrust trust = FileTrust.ofThisProcess();
        List<Objection> found = new ArrayList<>();
        trust.objectionToTree(framework).ifPresent(found::add);
        try {
            List<Path> files = new ArrayList<>(hostClassPath());
            files.add(java());
            files.forEach(file -> trust.objection(file).ifPresent(found::add));
        } catch (IOException _) {
            // What is missing cannot be loaded either.
        }
        return found.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "the program itself is not safe to run: " + Objection.of(found).because());
    }

    private static List<Path> jars(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        }
    }
}
