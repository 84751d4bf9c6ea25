package io.trapline.collector;

import io.trapline.files.FileTrust;
import io.trapline.files.Objection;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Whether the program that runs an input, and the code that its environment has that program load,
/// can be changed by others. Its folders are for [Discovery] to ask about.
///
/// Of an interpreter: the file and the way to it, with all links; of a virtual environment also
/// what can be imported from it; of a script the interpreter that its first line names. Of each
/// program the libraries that the loader takes for it, and of each folder of site packages what its
/// files add to the path from elsewhere ([PathFiles]). The library of an interpreter that the
/// system brings is not looked through, but for those files.
final class InputTrust {
    /// Files that an interpreter, a shell or a library takes code from, by themselves or by what
    /// they name.
    private static final List<String> CODE_FILES =
            List.of("PYTHONSTARTUP", "OPENSSL_CONF", "BASH_ENV");

    /// Folders, lists of them with `:`, in which everything at any depth is code.
    private static final List<String> CODE_FOLDERS =
            List.of("PYTHONPYCACHEPREFIX", "OPENSSL_MODULES", "OPENSSL_ENGINES", "GCONV_PATH");

    /// Lists for the loader of programs, which expands `$` in them, and how it divides them.
    private static final Map<String, String> LOADER_LISTS =
            Map.of("LD_LIBRARY_PATH", "[:;]", "LD_PRELOAD", "[: ]", "LD_AUDIT", ":");

    /// What the system brings is not looked through.
    private static final Path SYSTEM = Path.of("/usr");

    /// Where an interpreter of the system has its packages, and those that people add.
    private static final List<Path> SYSTEM_LIBRARIES =
            Stream.of("/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")
                    .map(Path::of)
                    .toList();

    private static final List<String> SITE_PACKAGES = List.of("site-packages", "dist-packages");

    /// As interpreters of Python are called, copies too.
    private static final Pattern PYTHON = Pattern.compile("(?i).*py.*");

    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final int MOST_SCRIPTS = 5;

    private final FileTrust trust;
    private final Map<String, String> agent;
    private final List<Path> systemLibraries;

    /// @param agent the environment that workers inherit
    InputTrust(FileTrust trust, Map<String, String> agent) {
        this(trust, agent, SYSTEM_LIBRARIES);
    }

    /// @param systemLibraries folders of `python3.x` for an interpreter of the system
    InputTrust(FileTrust trust, Map<String, String> agent, List<Path> systemLibraries) {
        this.trust = trust;
        this.agent = agent;
        this.systemLibraries = systemLibraries;
    }

    /// Why the input as a whole is not run, a sentence each.
    List<String> objections(InputSettings input) {
        if (!trust.judges()) {
            return List.of();
        }
        Look look = new Look(input);
        input.command().ifPresent(program -> look.program(program, true, 0));
        look.environment();
        return look.told();
    }

    /// Whether an interpreter may look into the home directory of the agent's user for packages,
    /// which may be somebody else's (`sudo` keeps `HOME`).
    boolean isUserSiteTrusted(InputSettings input) {
        Look look = new Look(input);
        String home = look.environment.getOrDefault("HOME", "");
        if (!home.isEmpty()) {
            path(home + "/.local").ifPresent(base -> look.libraries("HOME", base, true));
        }
        return look.found.isEmpty();
    }

    /// At one input.
    private final class Look {
        private final InputSettings input;
        private final Map<String, String> environment;
        private final Map<String, Objection> found = new LinkedHashMap<>();
        private final Set<String> other = new LinkedHashSet<>();
        private final Set<Path> seen = new HashSet<>();

        Look(InputSettings input) {
            this.input = input;
            environment = new HashMap<>(agent);
            environment.putAll(input.envs());
        }

        private void refuse(String subject, Optional<Objection> objection) {
            objection.ifPresent(
                    why -> found.merge(subject, why, (a, b) -> Objection.of(List.of(a, b))));
        }

        /// @param prefix a virtual environment is cured as a whole
        private void refuse(String subject, Optional<Objection> objection, Path prefix) {
            refuse(
                    subject,
                    Files.exists(prefix.resolve("pyvenv.cfg"))
                            ? objection.map(why -> why.within(prefix))
                            : objection);
        }

        /// One sentence with all that is wrong, so that one cure is enough.
        List<String> told() {
            List<String> all = new ArrayList<>(other);
            if (!found.isEmpty()) {
                String subjects =
                        found.keySet().stream()
                                .map(subject -> " (" + subject + ")")
                                .collect(Collectors.joining());
                all.add(
                        "the input "
                                + input.name()
                                + " is not run"
                                + subjects
                                + ": "
                                + Objection.of(found.values()).because());
            }
            return all;
        }

        void environment() {
            each("PYTHONPATH", ":", trust::objectionToTree);
            CODE_FILES.forEach(name -> each(name, "\0", trust::objection));
            CODE_FOLDERS.forEach(name -> each(name, ":", trust::objectionToAll));
            LOADER_LISTS.forEach(this::loaderList);
            String library = environment.getOrDefault("PYTHONPLATLIBDIR", "");
            if (!library.isEmpty()) { // an absolute one takes the place of all
                path(library.startsWith("/") ? library : "/usr/" + library)
                        .ifPresent(folder ->
                                refuse(
                                        named("PYTHONPLATLIBDIR", library),
                                        trust.objectionToTree(folder.normalize())));
            }
            for (String name : List.of("PYTHONHOME", "PYTHONUSERBASE")) {
                for (String entry : environment.getOrDefault(name, "").split(":", -1)) {
                    if (!entry.isEmpty()) {
                        path(entry).ifPresent(base -> libraries(named(name, entry), base, true));
                    }
                }
            }
        }

        private void each(
                String name, String separator, Function<Path, Optional<Objection>> judge) {
            String value = environment.getOrDefault(name, "");
            if (value.isEmpty()) {
                return;
            }
            for (String entry : value.split(separator, -1)) {
                path(entry).ifPresent(path -> refuse(named(name, entry), judge.apply(path)));
            }
        }

        private void loaderList(String name, String separator) {
            String value = environment.getOrDefault(name, "");
            if (value.contains("$")) {
                other.add(
                        "the input "
                                + input.name()
                                + " is not run: "
                                + name
                                + " = "
                                + quoted(value)
                                + " has a $, which the loader of programs replaces by what is not"
                                + " known here; write the folders out");
                return;
            }
            each(name, separator, trust::objectionToLibraries);
        }

        /// What Python imports from below a prefix: `lib/python3.x` with all that is in it. One
        /// that is not there must not be for others to make. With the shared libraries beside them.
        ///
        /// @param sites whether the files in its site packages count
        private void libraries(String subject, Path prefix, boolean sites) {
            refuse(subject, trust.objection(prefix), prefix);
            for (String name : List.of("lib", "lib64", "Lib")) {
                Path library = prefix.resolve(name);
                boolean there = Files.exists(library, LinkOption.NOFOLLOW_LINKS);
                if (there || name.equals("lib")) {
                    refuse(subject, trust.objection(library), prefix);
                }
                if (there && !isOfSystem(prefix)) {
                    try (DirectoryStream<Path> versions =
                            Files.newDirectoryStream(
                                    library, "{python*,pypy*,site-packages*,*.so,*.so.*}")) {
                        for (Path each : versions) {
                            refuse(subject, trust.objectionToAll(each), prefix);
                            if (sites) {
                                packages(subject, each);
                            }
                        }
                    } catch (IOException | DirectoryIteratorException _) {
                        // Says what it cannot list, too; of a file there is no more to say.
                        refuse(subject, trust.objectionToAll(library), prefix);
                    }
                }
            }
        }

        /// What the files in the site packages of one `lib/python3.x` add to the path.
        private void packages(String subject, Path version) {
            site(subject, version);
            SITE_PACKAGES.forEach(name -> site(subject, version.resolve(name)));
        }

        private void site(String subject, Path folder) {
            try {
                if (!seen.add(folder.toRealPath())) {
                    return;
                }
            } catch (IOException _) {
                return; // not there
            }
            PathFiles.in(folder).forEach(named -> elsewhere(subject, named));
        }

        private void elsewhere(String subject, PathFiles.Named named) {
            if (!named.problem().isEmpty()) {
                other.add(
                        "the input "
                                + input.name()
                                + " is not run: "
                                + named.file()
                                + " can have Python import from anywhere, and "
                                + named.problem()
                                + "; remove it or mend it ("
                                + subject
                                + ")");
                return;
            }
            String where = subject + ", " + quoted(named.file()) + " names " + quoted(named.path());
            refuse(where, trust.objectionToTree(named.path()));
            if (!named.byCode()) {
                return;
            }
            if (Files.isDirectory(named.path())) {
                site(subject, named.path());
                return;
            }
            // A module is named without its ending.
            @Nullable Path folder = named.path().getParent();
            if (folder != null && Files.isDirectory(folder)) {
                try (DirectoryStream<Path> modules =
                        Files.newDirectoryStream(
                                folder, each -> each.toString().startsWith(named.path() + "."))) {
                    modules.forEach(each -> refuse(where, trust.objectionToAll(each)));
                } catch (IOException | DirectoryIteratorException _) {
                    refuse(where, trust.objectionToAll(folder)); // says what it cannot list
                }
            }
        }

        /// @param sites whether it looks into its own site packages
        void program(Path program, boolean sites, int depth) {
            String subject = "cmd runs " + quoted(program);
            refuse(subject, trust.objectionToProgram(program));
            List<String> words = firstLine(program);
            if (words.isEmpty()) {
                // What an input runs is an interpreter, whatever it is called.
                if (depth == 0 || PYTHON.matcher(String.valueOf(program.getFileName())).matches()) {
                    python(subject, program, sites, depth);
                }
            } else if (depth < MOST_SCRIPTS) {
                interpreters(words).forEach(next -> program(next, true, depth + 1));
            }
        }

        /// Where an interpreter looks for its settings and its library: for `pyvenv.cfg` beside
        /// itself and one level up; without one, for `lib/python3.x` in each folder above the file
        /// that its links lead to.
        private void python(String subject, Path program, boolean sites, int depth) {
            pathFileOf(subject, program.toAbsolutePath().normalize());
            @Nullable Path bin = program.toAbsolutePath().getParent();
            for (int level = 0; level < 2 && bin != null; level++, bin = bin.getParent()) {
                Path settings = bin.resolve("pyvenv.cfg");
                refuse(subject, trust.objection(settings));
                if (Files.exists(settings)) {
                    libraries(subject, bin, true);
                    if (depth < MOST_SCRIPTS) {
                        Properties keys = keys(settings);
                        boolean both =
                                !"false"
                                        .equalsIgnoreCase(
                                                keys.getProperty(
                                                        "include-system-site-packages", ""));
                        base(keys).ifPresent(next -> program(next, both, depth + 1));
                    }
                    return;
                }
            }
            Path real;
            try {
                real = program.toRealPath();
            } catch (IOException _) {
                return; // it cannot be run, either
            }
            pathFileOf(subject, real);
            if (real.startsWith(SYSTEM)) {
                if (sites) {
                    ofSystem(subject);
                }
                return;
            }
            for (Path above = real.getParent();
                    above != null && above.getNameCount() > 0;
                    above = above.getParent()) {
                libraries(subject, above, sites);
            }
        }

        /// A file that takes the place of the whole path.
        private void pathFileOf(String subject, Path program) {
            Path file = program.resolveSibling(program.getFileName() + "._pth");
            refuse(subject, trust.objection(file));
            PathFiles.lines(file).forEach(named -> elsewhere(subject, named));
        }

        private void ofSystem(String subject) {
            for (Path library : systemLibraries) {
                if (Files.isDirectory(library)) {
                    try (DirectoryStream<Path> versions =
                            Files.newDirectoryStream(library, "{python,pypy}*")) {
                        versions.forEach(each -> packages(subject, each));
                    } catch (IOException | DirectoryIteratorException _) {
                        refuse(subject, trust.objectionToAll(library));
                    }
                }
            }
        }

        /// What a first line sets for its interpreter, beside what the input sets.
        private void assigned(String name, String value) {
            Look alone = new Look(input);
            alone.environment.clear();
            alone.environment.put(name, value);
            alone.environment();
            alone.found.forEach((subject, why) -> refuse(subject, Optional.of(why)));
            other.addAll(alone.other);
        }

        /// What the kernel runs in place of a script: the first word, and of `env` whatever of the
        /// others is a program. A name is looked up where it will be: folders that come before must
        /// not be for others to put one in.
        private List<Path> interpreters(List<String> words) {
            List<Path> found = new ArrayList<>();
            path(words.getFirst()).ifPresent(found::add);
            if (!words.getFirst().endsWith("/env")) {
                return found;
            }
            for (String word : words.subList(1, words.size())) {
                int equals = word.indexOf('=');
                if (equals > 0 && VARIABLE.matcher(word.substring(0, equals)).matches()) {
                    assigned(word.substring(0, equals), word.substring(equals + 1));
                    continue;
                }
                if (word.contains("/")) {
                    path(word).filter(Files::exists).ifPresent(found::add);
                    continue;
                }
                List<Path> passed = new ArrayList<>();
                for (String folder : environment.getOrDefault("PATH", "").split(":", -1)) {
                    Optional<Path> candidate = path(folder).map(at -> at.resolve(word));
                    candidate.ifPresent(passed::add);
                    if (candidate.filter(Files::isExecutable).isPresent()) {
                        passed.forEach(each ->
                                refuse("PATH leads to " + quoted(each), trust.objection(each)));
                        found.add(candidate.get());
                        break;
                    }
                }
            }
            return found;
        }
    }

    private static String named(String name, String entry) {
        return name + " names " + quoted(entry);
    }

    private static boolean isOfSystem(Path prefix) {
        try {
            return prefix.toRealPath().equals(SYSTEM);
        } catch (IOException _) {
            return false;
        }
    }

    private static String quoted(Object text) {
        return "\"" + text + "\"";
    }

    /// An empty entry is the working directory, which workers have from the agent.
    private static Optional<Path> path(String entry) {
        try {
            return Optional.of(Path.of(entry).toAbsolutePath());
        } catch (InvalidPathException _) {
            return Optional.empty();
        }
    }

    private static Properties keys(Path settings) {
        Properties keys = new Properties();
        try (InputStream in = Files.newInputStream(settings)) {
            keys.load(in);
        } catch (IOException | IllegalArgumentException _) {
            keys.clear(); // Python finds nothing in it, either
        }
        return keys;
    }

    /// The Python that a virtual environment was made of.
    private static Optional<Path> base(Properties keys) {
        return Optional.ofNullable(keys.getProperty("home"))
                .flatMap(InputTrust::path)
                .map(home -> home.resolve("python3"));
    }

    /// The words of a script's first line; none of a program that is no script.
    private static List<String> firstLine(Path program) {
        byte[] begin;
        try (InputStream in = Files.newInputStream(program)) {
            begin = in.readNBytes(256);
        } catch (IOException _) {
            return List.of();
        }
        String line = new String(begin, StandardCharsets.ISO_8859_1).lines().findFirst().orElse("");
        return line.startsWith("#!") ? List.of(line.substring(2).strip().split("\\s+")) : List.of();
    }
}
