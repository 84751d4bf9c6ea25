package io.trapline.collector;

import io.trapline.bridge.WorkerSpec.Module;
import io.trapline.config.FileFailure;
import io.trapline.files.FileTrust;
import io.trapline.files.Objection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// From an input's `dirs` to the modules that its interpreter imports.
///
/// An entry is a folder (its `.py` files and those of its direct subfolders) or one `.py` file,
/// absolute or below a `python.d`; symbolic links are followed. The order is stable: entries as
/// written, a folder's own files before those of its subfolders, names sorted. A file that two
/// entries reach is taken once. Source: `contracts/datakit.md` sections 1.2, 1.3, P-6 and P-10.
public final class Discovery {
    private final List<Path> roots;
    private final FileTrust trust;
    private final InputTrust inputs;

    /// For one scan: of no file the rights are asked twice.
    ///
    /// @param pythonRoots the `python.d` folders, first one first
    /// @param runsAsRoot refuse what others can change
    public Discovery(List<Path> pythonRoots, boolean runsAsRoot) {
        this.roots = pythonRoots.stream().map(r -> r.toAbsolutePath().normalize()).toList();
        this.trust = runsAsRoot ? FileTrust.ofRoot() : FileTrust.everyone();
        this.inputs = new InputTrust(trust, System.getenv());
    }

    /// @param modules what to import, in order
    /// @param folders the entries that are folders, each once; everything in them is the input's
    ///   own
    /// @param problems what could not be used and what to do about it; everything else is used
    /// @param refused something was, because others can change it
    public record Found(
            List<Module> modules, List<Path> folders, List<String> problems, boolean refused) {
        public Found {
            modules = List.copyOf(modules);
            folders = List.copyOf(folders);
            problems = List.copyOf(problems);
        }
    }

    /// What an input runs: nothing when its program, or what its environment has that load, can be
    /// changed by others.
    public Found find(InputSettings input) {
        List<String> all = new ArrayList<>(inputs.objections(input));
        Found found = find(input.dirs());
        if (all.isEmpty()) {
            return found;
        }
        all.addAll(found.problems()); // so that nothing is left to be found after the first cure
        return new Found(List.of(), List.of(), all, true);
    }

    Found find(List<String> dirs) {
        Search search = new Search();
        for (String entry : dirs) {
            search.entry(entry);
        }
        search.refused();
        return new Found(
                search.modules,
                List.copyOf(search.folders),
                search.problems,
                !search.refused.isEmpty());
    }

    private final class Search {
        final List<Module> modules = new ArrayList<>();
        final List<String> problems = new ArrayList<>();
        final Set<Path> taken = new HashSet<>();
        final Set<Path> folders = new LinkedHashSet<>();
        final Map<Path, Objection> refused = new LinkedHashMap<>();

        void entry(String entry) {
            Optional<Path> found;
            try {
                found = resolve(entry);
            } catch (InvalidPathException e) {
                problems.add("dirs entry \"" + entry + "\" is no path: " + e.getReason());
                return;
            }
            found.ifPresent(path -> {
                if (Files.isDirectory(path)) {
                    folder(path);
                } else {
                    singleFile(path);
                }
            });
        }

        private Optional<Path> resolve(String entry) {
            Path written = Path.of(entry);
            if (written.isAbsolute() && Files.exists(written)) {
                return Optional.of(written.normalize());
            }
            // As upstream: an absolute entry that is not there is looked up below python.d.
            // Not relativize, which would take out the .. that is looked for below.
            boolean inside = written.isAbsolute() && written.getNameCount() > 0;
            Path relative = inside ? written.subpath(0, written.getNameCount()) : written;
            for (Path root : roots) {
                Path path = root.resolve(relative).normalize();
                if (!path.startsWith(root)) {
                    problems.add(
                            "dirs entry \""
                                    + entry
                                    + "\" leads out of "
                                    + root
                                    + " and is not used; write the absolute path of the folder if"
                                    + " that is what you mean");
                    return Optional.empty();
                }
                if (Files.exists(path)) {
                    return Optional.of(path);
                }
                // Neither there nor not there: the way to it is barred.
                if (!Files.notExists(path)) {
                    problems.add(
                            "dirs entry \""
                                    + entry
                                    + "\" cannot be reached: this user may not look into a folder"
                                    + " on the way to "
                                    + path
                                    + ", or a link leads to itself; check it with namei -l");
                    return Optional.empty();
                }
            }
            String tried = String.join(", ", roots.stream().map(r -> r + "/" + relative).toList());
            problems.add(
                    "dirs entry \""
                            + entry
                            + "\" does not exist (tried "
                            + (written.isAbsolute() ? written + ", " : "")
                            + tried
                            + "); create it or correct the entry");
            return Optional.empty();
        }

        private void singleFile(Path file) {
            Path root = file.getParent();
            if (root == null || !isPython(file)) {
                problems.add(
                        Objection.plain(file)
                                + " is neither a folder nor a .py file; correct the dirs entry");
                return;
            }
            // What lies beside it can be imported.
            if (trusted(root)) {
                module(file, root, "");
            }
        }

        private void folder(Path root) {
            if (!trusted(root)) {
                return;
            }
            folders.add(root);
            List<Path> inside = list(root);
            for (Path file : inside) {
                if (isPython(file) && !isInit(file) && !Files.isDirectory(file)) {
                    module(file, root, "");
                }
            }
            for (Path sub : inside) {
                if (Files.isDirectory(sub) && !isHidden(sub) && !isFramework(root, sub)) {
                    subfolder(sub, root);
                }
            }
        }

        private void subfolder(Path sub, Path root) {
            List<Path> files =
                    list(sub).stream()
                            .filter(f -> isPython(f) && !isInit(f) && !Files.isDirectory(f))
                            .toList();
            if (!files.isEmpty()) {
                files.forEach(file -> module(file, root, sub.getFileName() + "."));
            }
        }

        private void module(Path file, Path root, String prefix) {
            String fileName = file.getFileName().toString();
            String stem = fileName.substring(0, fileName.length() - ".py".length());
            if (!fileName.endsWith(".py")) {
                problems.add(
                        Objection.plain(file)
                                + " cannot be imported: rename it so that it ends in .py");
                return;
            }
            String name = prefix + stem;
            boolean dots = stem.contains(".") || name.indexOf('.') != name.lastIndexOf('.');
            if (stem.isEmpty() || dots) {
                problems.add(
                        Objection.plain(file)
                                + " cannot be imported: a module's name has no dot; rename the"
                                + " file or its folder");
                return;
            }
            Path real;
            try {
                real = file.toRealPath();
            } catch (IOException e) {
                problems.add(
                        Objection.plain(file)
                                + " cannot be read: "
                                + (Files.isSymbolicLink(file)
                                        ? "a link that leads nowhere? What it names does not exist,"
                                                + " or this user may not look at it"
                                        : reason(e))
                                + "; check it with ls -l");
                return;
            }
            if (!Files.isRegularFile(real) || !Files.isReadable(real)) {
                problems.add(
                        Objection.plain(file)
                                + " cannot be read by this user; check it with ls -l");
                return;
            }
            if (taken.add(real)) {
                modules.add(new Module(name, file, root));
            }
        }

        /// A folder with one file that others can change is refused as a whole: everything in it
        /// can import that file.
        private boolean trusted(Path folder) {
            Optional<Objection> objection = trust.objectionToTree(folder);
            objection.ifPresent(why -> refused.put(folder, why));
            return objection.isEmpty();
        }

        /// One problem for all of them, with one cure.
        void refused() {
            if (!refused.isEmpty()) {
                String names =
                        refused.keySet().stream()
                                .map(Objection::plain)
                                .collect(Collectors.joining(" and "));
                Objection all = Objection.of(refused.values());
                problems.addFirst(
                        refused.size() == 1
                                ? all.message(names, "run")
                                : names + " are not run: " + all.because());
            }
        }

        private List<Path> list(Path folder) {
            try (Stream<Path> inside = Files.list(folder)) {
                return inside.sorted().toList();
            } catch (IOException | UncheckedIOException e) {
                problems.add(
                        "Could not read the folder "
                                + Objection.plain(folder)
                                + ": "
                                + reason(e)
                                + "; check its rights");
                return List.of();
            }
        }

        /// `python.d/core` holds what collectors import, not collectors.
        private boolean isFramework(Path root, Path sub) {
            return roots.contains(root) && sub.getFileName().toString().equals("core");
        }
    }

    private static String reason(Exception why) {
        return switch (why) {
            case UncheckedIOException wrapped ->
                    FileFailure.reason(Objects.requireNonNull(wrapped.getCause()));
            case IOException plain -> FileFailure.reason(plain);
            default -> String.valueOf(why.getMessage());
        };
    }

    private static boolean isPython(Path file) {
        return file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".py");
    }

    private static boolean isInit(Path file) {
        return file.getFileName().toString().equals("__init__.py");
    }

    private static boolean isHidden(Path folder) {
        return folder.getFileName().toString().startsWith(".");
    }
}
