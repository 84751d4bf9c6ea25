package io.trapline.collector;

import io.trapline.config.ConfReader;
import io.trapline.config.ConfTable;
import io.trapline.config.FileFailure;
import io.trapline.config.Problem.Severity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Finds the `*.conf` files below a configuration directory, at any depth, and reads their
/// `[[inputs.pythond]]` blocks. A file or block that is wrong takes no other one down.
public final class InputFiles {
    private static final Set<String> MAIN_FILES = Set.of("trapline.conf", "datakit.conf");

    private final ConfReader reader;
    private final ExecutableLookup executables;
    private final Map<String, InputSettings> inputs = new HashMap<>();
    private final List<InputSettings> ordered = new ArrayList<>();

    private InputFiles(ConfReader reader, ExecutableLookup executables) {
        this.reader = reader;
        this.executables = executables;
    }

    /// Whether a configuration directory has files that may hold inputs.
    public static boolean areIn(Path root) {
        try (Stream<Path> all = Files.walk(root)) {
            return all.anyMatch(file -> counts(root.relativize(file)) && Files.isRegularFile(file));
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    /// The good inputs, in the order of their files' paths, with names that are unique: a name that
    /// comes again gets `-2`, `-3` … and a warning.
    ///
    /// @param root `conf.d`, or a repository's; may be missing
    /// @param reader where the problems go, and the variables to replace
    public static List<InputSettings> read(
            Path root, ConfReader reader, ExecutableLookup executables) {
        return read(List.of(root), reader, executables);
    }

    /// As above, of several directories as if they were one; the first one comes first.
    public static List<InputSettings> read(
            List<Path> roots, ConfReader reader, ExecutableLookup executables) {
        InputFiles files = new InputFiles(reader, executables);
        Map<String, Path> contents = new HashMap<>();
        for (Path root : roots) {
            files.readAll(root, contents);
        }
        return List.copyOf(files.ordered);
    }

    private void readAll(Path root, Map<String, Path> contents) {
        for (Path file : find(root)) {
            Optional<byte[]> bytes = reader.bytes(file);
            if (bytes.isEmpty()) {
                continue;
            }
            // Latin-1 keeps each byte, so equal texts are equal files.
            Path twin =
                    contents.putIfAbsent(
                            new String(bytes.get(), java.nio.charset.StandardCharsets.ISO_8859_1),
                            file);
            if (twin == null) {
                reader.parse(file, bytes.get()).ifPresent(this::readFile);
            } else {
                reader.problems()
                        .add(
                                Severity.INFO,
                                file,
                                0,
                                "the same bytes as "
                                        + (twin.startsWith(root) ? root.relativize(twin) : twin)
                                        + ", so it counts once");
            }
        }
    }

    private void readFile(ConfTable file) {
        ConfTable kinds = file.section("inputs");
        for (ConfTable block : kinds.sections("pythond")) {
            InputSettings.read(block, executables).ifPresent(this::add);
        }
        for (String kind : kinds.keys()) {
            if (!kind.equals("pythond")) {
                kinds.passOver(kind);
                reader.problems()
                        .add(
                                Severity.WARNING,
                                file.file(),
                                kinds.lineOf(kind),
                                kind.equals("logstreaming")
                                        ? "[inputs.logstreaming]: /v1/write/logstreaming is always"
                                                + " served, without this block; what is set here"
                                                + " (ignore_url_tags) is not read"
                                        : "[[inputs."
                                                + kind
                                                + "]]: Trapline has no such input; it runs"
                                                + " [[inputs.pythond]] alone");
            }
        }
        for (String key : file.keys()) {
            if (!key.startsWith("input")) {
                file.hint(
                        key,
                        "this file may hold [[inputs.pythond]] blocks; Trapline's own settings"
                                + " belong in conf.d/trapline.conf");
            }
        }
        file.done();
    }

    private void add(InputSettings input) {
        InputSettings first = inputs.get(input.name());
        InputSettings named = input;
        if (first != null) {
            int number = 2;
            while (inputs.containsKey(input.name() + "-" + number)) {
                number++;
            }
            named = input.named(input.name() + "-" + number);
            reader.problems()
                    .add(
                            Severity.WARNING,
                            input.file(),
                            input.line(),
                            "[[inputs.pythond]] name = \""
                                    + input.name()
                                    + "\": "
                                    + first.file().getFileName()
                                    + ":"
                                    + first.line()
                                    + " has this name too; this one is called "
                                    + named.name());
        }
        inputs.put(named.name(), named);
        ordered.add(named);
    }

    private List<Path> find(Path root) {
        List<Path> found = new ArrayList<>();
        if (!Files.exists(root)) {
            return found;
        }
        try {
            // The root may be a link itself; links to directories below it are not followed.
            Path real = root.toRealPath();
            Files.walkFileTree(
                    real,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes about) {
                            Path relative = real.relativize(file);
                            if (counts(relative) && !Files.isDirectory(file)) {
                                found.add(root.resolve(relative));
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException e) {
                            unreadable(root.resolve(real.relativize(file)), e);
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            unreadable(root, e);
        }
        found.sort(null);
        return found;
    }

    private static boolean counts(Path relative) {
        String path = relative.toString();
        return path.endsWith(".conf")
                && !path.contains(".git")
                && !(relative.getNameCount() == 1 && MAIN_FILES.contains(path));
    }

    private void unreadable(Path place, IOException e) {
        reader.problems()
                .add(
                        Severity.ERROR,
                        place,
                        0,
                        "cannot be read: "
                                + FileFailure.reason(e)
                                + "; check that the agent's user may read it");
    }
}
