package io.trapline;

import io.trapline.collector.InputFiles;
import io.trapline.collector.InputSettings;
import io.trapline.config.AesKey;
import io.trapline.config.ConfReader;
import io.trapline.config.ConfTable;
import io.trapline.config.Problem;
import io.trapline.config.Problem.Severity;
import io.trapline.config.Problems;
import io.trapline.files.FileTrust;
import io.trapline.files.Objection;
import io.trapline.forward.ForwardSettings;
import io.trapline.gitsync.GitSettings;
import io.trapline.gitsync.GitSync;
import io.trapline.ingest.CoreSettings;
import io.trapline.ingest.HttpSettings;
import io.trapline.journal.JournalSettings;
import io.trapline.pipeline.PipelineSettings;
import io.trapline.registry.CheckSettings;
import io.trapline.registry.PushSettings;
import io.trapline.store.StoreSettings;
import io.trapline.web.WebSettings;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Reads all files once. What is wrong in the main files and what is wrong in input files is kept
/// apart, because only the former leaves nothing to start with.
final class SettingsLoader {
    private final Path home;
    private final Path confRoot;
    private final Settings.Surroundings surroundings;
    private final Optional<AesKey> key;
    private final Problems main = new Problems();
    private final Problems other = new Problems();

    SettingsLoader(Path home, Settings.Surroundings surroundings) {
        this.home = home;
        this.confRoot = home.resolve("conf.d");
        this.surroundings = surroundings;
        this.key = key(home, confRoot, surroundings.trust());
    }

    Settings.Loaded load() {
        if (!readable(home, "--home or TRAPLINE_HOME names another directory")
                || (Files.exists(confRoot)
                        && (!readable(confRoot, "it holds the *.conf files") || !trusted()))) {
            return new Settings.Loaded.Unusable(main.sorted());
        }
        Optional<ConfTable> dataKit = mainFile("datakit.conf", Severity.WARNING);
        Optional<ConfTable> trapline = mainFile("trapline.conf", Severity.ERROR);
        // A file that does not parse is read as empty, so that the other one's problems show too.
        ConfTable nothing = reader(main, Severity.ERROR, Map.of()).empty(confRoot);
        DataKitConf below = DataKitConf.read(dataKit.orElse(nothing), surroundings.host());
        Settings settings = read(trapline.orElse(nothing), below);
        List<Problem> problems = new ArrayList<>(main.sorted());
        problems.addAll(other.sorted());
        problems.sort(null);
        return main.errors() > 0
                ? new Settings.Loaded.Unusable(problems)
                : new Settings.Loaded.Usable(settings, problems);
    }

    private Optional<ConfTable> mainFile(String name, Severity unknownKeys) {
        return reader(main, unknownKeys, Map.of()).read(confRoot.resolve(name));
    }

    private ConfReader reader(
            Problems problems, Severity unknownKeys, Map<String, String> variables) {
        return new ConfReader(problems, home, unknownKeys, variables, key, surroundings.trust());
    }

    /// What is wrong with it is found when `datakit.conf` is read for all the rest.
    private static Optional<AesKey> key(Path home, Path confRoot, FileTrust trust) {
        return new ConfReader(
                        new Problems(), home, Severity.WARNING, Map.of(), Optional.empty(), trust)
                .read(confRoot.resolve("datakit.conf"))
                .flatMap(file -> AesKey.read(file.section("crypto")));
    }

    private Settings read(ConfTable file, DataKitConf below) {
        file.hint(
                "inputs",
                "[[inputs.pythond]] blocks belong in a file of their own, such as"
                        + " conf.d/pythond.conf");
        Role role =
                file.choice("role", Map.of("all", Role.ALL, "agent", Role.AGENT, "core", Role.CORE))
                        .orElse(Role.ALL);
        ConfTable httpSection = file.section("http");
        ConfTable coreSection = file.section("core");
        HttpSettings http = HttpSettings.read(httpSection, below.http());
        CoreSettings core = CoreSettings.read(coreSection);
        if (role == Role.ALL
                && core.port() != 0
                && core.port() == http.port()
                && core.host().equals(http.host())) {
            coreSection.error(
                    "listen",
                    "the agent's listener ([http] listen) has this address too; accepted:"
                            + " another port");
        }
        if (httpSection.has("listen")) {
            http.listen()
                    .refusal("[http]")
                    .ifPresent(message -> httpSection.error("listen", message));
        } else {
            http.listen().refusal("[http] in conf.d/trapline.conf").ifPresent(below.atListen());
        }
        if (role != Role.AGENT) {
            core.listen()
                    .refusal("[core]")
                    .ifPresent(message -> coreSection.error("listen", message));
        }
        http.socket()
                .flatMap(socket ->
                        surroundings
                                .writing()
                                .objectionToPlace(socket)
                                .map(why -> why.message(socket, "made")))
                .ifPresent(
                        httpSection.has("listen_socket")
                                ? message -> httpSection.error("listen_socket", message)
                                : below.atListen());
        ForwardSettings forward =
                ForwardSettings.read(file.section("outputs"), below.host().name());
        if (role == Role.AGENT
                && forward.outputs().stream().noneMatch(output -> output.basics().enabled())) {
            file.warn(
                    "role",
                    "nothing goes on from here, because no output is configured and enabled; add"
                            + " [[outputs.core]] with the core's url and token");
        }
        GitSettings git = GitSettings.read(file.section("git_repos"), below.git());
        Settings settings =
                new Settings(
                        role,
                        below.host().name(),
                        http,
                        core,
                        WebSettings.read(file.section("web")),
                        pipeline(file, below),
                        JournalSettings.read(file.section("journal")),
                        StoreSettings.read(file.section("store")),
                        logging(file.section("logging"), below),
                        watch(file.section("reload")),
                        PushSettings.readAll(file.sections("push")),
                        CheckSettings.readAll(file.sections("trap")),
                        forward,
                        git,
                        inputs(git));
        file.done();
        return settings;
    }

    /// Where others could put a link in the place of the log, nothing is written. DataKit's file
    /// has a place for DataKit's log, which is no reason not to start.
    private LoggingSettings logging(ConfTable section, DataKitConf below) {
        LoggingSettings read = LoggingSettings.read(section, below.logging());
        Optional<String> objection;
        try {
            objection =
                    read.ownFile()
                            .flatMap(file ->
                                    surroundings
                                            .writing()
                                            .objectionToWriting(file)
                                            .map(why -> why.message(file, "written")));
        } catch (InvalidPathException e) {
            objection = Optional.of("is no path: " + e.getReason());
        }
        if (objection.isEmpty()) {
            return read;
        }
        String message =
                objection.get()
                        + "; or name a file in a folder that nobody else can write, or none for"
                        + " logs/trapline.log";
        if (section.has("file")) {
            section.error("file", message);
        } else {
            below.atLog().accept(message + ", where the log is until then");
        }
        return read.withoutFile();
    }

    /// With a repository enabled, inputs come from repositories alone, as upstream.
    private List<InputSettings> inputs(GitSettings git) {
        List<Path> roots = List.of(confRoot);
        if (!git.enabled().isEmpty()) {
            roots =
                    GitSync.roots(new Home(home).gitrepos(), git).stream()
                            .map(root -> root.resolve("conf.d"))
                            .toList();
            if (InputFiles.areIn(confRoot)) {
                other.add(
                        Severity.INFO,
                        confRoot,
                        0,
                        "[git_repos] is on, so inputs come from "
                                + String.join(", ", roots.stream().map(this::shown).toList())
                                + "; the input files here are not read");
            }
        }
        return InputFiles.read(roots, inputReader(other), surroundings.executables());
    }

    private String shown(Path path) {
        return path.startsWith(home) ? home.relativize(path).toString() : path.toString();
    }

    private ConfReader inputReader(Problems problems) {
        return reader(problems, Severity.WARNING, surroundings.variables());
    }

    /// What is wrong with the inputs below a repository's folder, which need not be in place.
    List<Problem> checkInputs(Path tree) {
        Problems found = new Problems();
        var _ =
                InputFiles.read(
                        tree.resolve("conf.d"), inputReader(found), surroundings.executables());
        return found.sorted();
    }

    private static PipelineSettings pipeline(ConfTable file, DataKitConf below) {
        Map<String, String> tags = new TreeMap<>(below.pipeline().hostTags());
        tags.putAll(GlobalTags.read(file, "global_tags", below.host()));
        PipelineSettings read =
                below.pipeline()
                        .withHostTags(tags)
                        .withElection(file.section("election"))
                        .withIo(file.section("io"));
        return new PipelineSettings(
                tags,
                GlobalTags.fillAll(read.electionTags(), below.host()),
                read.electionEnabled(),
                read.correctTime());
    }

    private static boolean watch(ConfTable reload) {
        boolean watch = reload.flag("watch").orElse(true);
        reload.done();
        return watch;
    }

    /// One problem for the folder, and not one for each file in it.
    private boolean trusted() {
        Optional<Objection> objection = surroundings.trust().objection(confRoot);
        objection.ifPresent(
                why -> main.add(Severity.ERROR, confRoot, 0, "is not read: " + why.because()));
        return objection.isEmpty();
    }

    private boolean readable(Path directory, String advice) {
        if (Files.isDirectory(directory) && Files.isReadable(directory)) {
            return true;
        }
        main.add(
                Severity.ERROR,
                directory,
                0,
                (!Files.exists(directory)
                                ? "does not exist"
                                : Files.isDirectory(directory)
                                        ? "may not be read by this user"
                                        : "is not a directory")
                        + "; "
                        + advice);
        return false;
    }
}
