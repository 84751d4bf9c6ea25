package io.trapline.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Where the loader of programs looks for the libraries of a program or of a library: in the
/// folders that the file itself names, then in the system's. `LD_LIBRARY_PATH` and its kin are
/// asked about elsewhere. Source: ld.so(8).
final class SharedLibraries {
    private static final Path CONF = Path.of("/etc/ld.so.conf");
    private static final Path PRELOAD = Path.of("/etc/ld.so.preload");
    private static final Path CACHE = Path.of("/etc/ld.so.cache");
    private static final List<Path> DEFAULTS =
            Stream.of("/lib64", "/usr/lib64", "/lib", "/usr/lib").map(Path::of).toList();

    /// Folders with variants for processors, which come first where they are.
    private static final List<String> VARIANTS =
            List.of("glibc-hwcaps", "tls", "x86_64", "haswell", "avx512_1", "aarch64", "atomics");

    private static final Pattern INCLUDE = Pattern.compile("include\\s+(.+)");
    private static final int VARIANT_LEVELS = 3;
    private static final int DEEPEST = 32;

    private @Nullable List<Path> system;

    /// Each path that the loader tries for a file and for what it loads in turn: of the folders
    /// that the file names all up to the one that has the library, of the system's those that have
    /// it.
    ///
    /// @param file absolute, as it is opened: `$ORIGIN` is its folder
    /// @param visited files that need not be looked at again; grows
    /// @throws UncheckedIOException when a file cannot be read
    void each(Path file, Set<Path> visited, Consumer<Path> tried) {
        each(file, List.of(), visited, tried, 0);
    }

    /// What the loader takes into every program.
    void ofEveryProgram(Set<Path> visited, Consumer<Path> tried) {
        tried.accept(CACHE);
        tried.accept(PRELOAD);
        for (String line : lines(PRELOAD)) {
            for (String entry : line.replaceFirst("#.*", "").split("[\\s:]+")) {
                if (!entry.isEmpty()) {
                    library(entry, List.of(), List.of(), visited, tried, 0);
                }
            }
        }
    }

    private void each(
            Path file, List<Path> inherited, Set<Path> visited, Consumer<Path> tried, int depth) {
        if (depth > DEEPEST || !visited.add(file) || !Files.isRegularFile(file)) {
            return;
        }
        Optional<Elf> read;
        try {
            read = Elf.read(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (read.isEmpty()) {
            return;
        }
        Elf elf = read.get();
        elf.interpreter().flatMap(SharedLibraries::path).ifPresent(tried);
        @Nullable Path origin = file.getParent();
        List<Path> own = folders(elf.runpath(), origin);
        List<Path> passedOn = inherited;
        if (elf.runpath().isEmpty()) {
            own = new ArrayList<>(folders(elf.rpath(), origin));
            own.addAll(inherited);
            passedOn = own;
        }
        for (String name : elf.needed()) {
            library(name, own, passedOn, visited, tried, depth + 1);
        }
    }

    private void library(
            String name,
            List<Path> folders,
            List<Path> inherited,
            Set<Path> visited,
            Consumer<Path> tried,
            int depth) {
        if (name.contains("/")) {
            path(name).ifPresent(file -> found(file, inherited, visited, tried, depth));
            return;
        }
        Optional<Path> there = Optional.empty();
        for (Path folder : folders) {
            tried.accept(folder);
            List<Path> files = new ArrayList<>(variants(folder, name, tried));
            path(folder + "/" + name).ifPresent(files::add);
            for (Path file : files) {
                tried.accept(file);
                if (Files.exists(file)) {
                    there = Optional.of(file);
                    break;
                }
            }
            if (there.isPresent()) {
                found(there.get(), inherited, visited, tried, depth);
                return;
            }
        }
        for (Path folder : system(tried)) {
            path(folder + "/" + name)
                    .filter(file -> Files.exists(file, LinkOption.NOFOLLOW_LINKS))
                    .ifPresent(file -> found(file, inherited, visited, tried, depth));
        }
    }

    private void found(
            Path file, List<Path> inherited, Set<Path> visited, Consumer<Path> tried, int depth) {
        tried.accept(file);
        each(file, inherited, visited, tried, depth);
    }

    private static List<Path> variants(Path folder, String name, Consumer<Path> tried) {
        List<Path> all = new ArrayList<>();
        for (String each : VARIANTS) {
            Path variant = folder.resolve(each);
            if (!Files.isDirectory(variant)) {
                continue;
            }
            try (Stream<Path> below = Files.walk(variant, VARIANT_LEVELS)) {
                for (Path entry : below.sorted().toList()) {
                    if (Files.isDirectory(entry)) {
                        tried.accept(entry);
                    } else if (entry.endsWith(name)) {
                        all.add(entry);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return all;
    }

    /// With what the loader puts in place of `$`.
    private static List<Path> folders(List<String> entries, @Nullable Path origin) {
        List<Path> all = new ArrayList<>();
        for (String entry : entries) {
            String own =
                    entry.replace("${ORIGIN}", "$ORIGIN")
                            .replace("$ORIGIN", String.valueOf(origin))
                            .replaceAll("\\$(PLATFORM|\\{PLATFORM\\})", machine());
            for (String folder :
                    own.matches(".*\\$(LIB|\\{LIB\\}).*")
                            ? List.of("lib", "lib64", "lib/" + machine() + "-linux-gnu")
                            : List.of("")) {
                path(own.replaceAll("\\$(LIB|\\{LIB\\})", folder)).ifPresent(all::add);
            }
        }
        return all;
    }

    private static String machine() {
        String name = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return name.equals("amd64") ? "x86_64" : name;
    }

    /// An empty or relative one is below the working directory, which workers have from the agent.
    private static Optional<Path> path(String text) {
        try {
            return Optional.of(Path.of(text).toAbsolutePath());
        } catch (InvalidPathException _) {
            return Optional.empty();
        }
    }

    /// The folders of `ld.so.conf`, whose files others must not write, and those that are looked
    /// through without it.
    private List<Path> system(Consumer<Path> tried) {
        List<Path> known = system;
        if (known == null) {
            Set<Path> folders = new LinkedHashSet<>();
            configured(CONF, folders, tried, 0);
            folders.addAll(DEFAULTS);
            known = List.copyOf(folders);
            system = known;
        }
        return known;
    }

    private static void configured(Path file, Set<Path> folders, Consumer<Path> tried, int depth) {
        if (depth > 4 || !Files.exists(file)) {
            return;
        }
        tried.accept(file);
        for (String each : lines(file)) {
            String line = each.replaceFirst("#.*", "").strip();
            var include = INCLUDE.matcher(line);
            if (include.matches()) {
                for (String pattern : include.group(1).split("\\s+")) {
                    included(file, pattern)
                            .forEach(more -> configured(more, folders, tried, depth + 1));
                }
            } else if (!line.isEmpty() && !line.startsWith("hwcap")) {
                path(line.replaceFirst("=.*", "")).ifPresent(folders::add);
            }
        }
    }

    private static List<Path> included(Path from, String pattern) {
        List<Path> all = new ArrayList<>();
        try {
            Path whole = from.resolveSibling(pattern);
            Path folder = whole.getParent();
            Path name = whole.getFileName();
            if (folder == null || name == null || !Files.isDirectory(folder)) {
                return all;
            }
            var matches = FileSystems.getDefault().getPathMatcher("glob:" + name);
            try (DirectoryStream<Path> inside =
                    Files.newDirectoryStream(folder, each -> matches.matches(each.getFileName()))) {
                inside.forEach(all::add);
            }
        } catch (IOException | IllegalArgumentException _) {
            return all; // ldconfig does not read it, either
        }
        return all;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).lines().toList();
        } catch (IOException _) {
            return List.of();
        }
    }
}
