package io.trapline.collector;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The local modules that one Python file imports, and those that these import, as its text says:
/// also the ones inside of functions, which an interpreter would only know after they ran. Names
/// that are computed are not seen. Of a package every file counts.
final class Imports {
    private static final int MOST_FILES = 2_000;
    private static final Pattern IMPORT =
            Pattern.compile(
                    "(?m)^[ \\t]*import[ \\t]+([\\w.]+(?:[ \\t]*(?:as[ \\t]+\\w+)?[ \\t]*,[ \\t]*[\\w.]+)*+)");
    private static final Pattern FROM =
            Pattern.compile("(?m)^[ \\t]*from[ \\t]+(\\.*)([\\w.]*)[ \\t]+import[ \\t(]*(\\w*)");

    private final Path root;
    private final Set<Path> found = new TreeSet<>();
    private final Deque<Path> unread = new ArrayDeque<>();

    private Imports(Path root) {
        this.root = root;
    }

    /// `file` itself included.
    ///
    /// @param root where names are looked up
    static Set<Path> of(Path file, Path root) {
        Imports imports = new Imports(root);
        imports.add(file);
        while (!imports.unread.isEmpty() && imports.found.size() < MOST_FILES) {
            imports.read(imports.unread.removeFirst());
        }
        return imports.found;
    }

    private void add(Path file) {
        if (found.add(file)) {
            unread.add(file);
        }
    }

    private void read(Path file) {
        String text;
        try {
            // Latin-1 takes any bytes, and what is looked for is ASCII.
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return; // what cannot be read cannot be imported either
        }
        for (Matcher m = IMPORT.matcher(text); m.find(); ) {
            for (String name : m.group(1).split(",", -1)) {
                resolve(root, name.strip().replaceFirst("\\s.*", ""));
            }
        }
        for (Matcher m = FROM.matcher(text); m.find(); ) {
            Path from = root;
            if (!m.group(1).isEmpty()) {
                from = file.getParent();
                for (int dots = m.group(1).length(); dots > 1 && from != null; dots--) {
                    from = from.getParent();
                }
            }
            if (from != null && from.startsWith(root)) {
                resolve(from, m.group(2) + (m.group(2).isEmpty() ? "" : ".") + m.group(3));
            }
        }
    }

    private void resolve(Path from, String name) {
        Path at = from;
        for (String part : name.split("\\.", -1)) {
            if (part.isEmpty()) {
                return;
            }
            try {
                Path module = at.resolve(part + ".py");
                if (Files.isRegularFile(module)) {
                    add(module);
                }
                at = at.resolve(part);
            } catch (InvalidPathException e) {
                return; // no name of a file, so no module of the folder
            }
            if (!Files.isDirectory(at)) {
                return;
            }
            packageFiles(at);
        }
    }

    private void packageFiles(Path folder) {
        try (Stream<Path> inside = Files.list(folder)) {
            inside.filter(path -> path.toString().endsWith(".py") && Files.isRegularFile(path))
                    .forEach(this::add);
        } catch (IOException | java.io.UncheckedIOException e) {
            // as with a file that cannot be read
        }
    }
}
