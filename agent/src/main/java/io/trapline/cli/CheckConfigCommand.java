package io.trapline.cli;

import io.trapline.Home;
import io.trapline.InputFolders;
import io.trapline.Settings;
import io.trapline.collector.ExecutableLookup;
import io.trapline.config.Problem;
import io.trapline.config.ProblemReport;
import io.trapline.gitsync.GitSync;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "check-config",
        description =
                "Reads all configuration files and lists every mistake, exit code 2 if there is one;"
                        + " and warns of folders that inputs name and cannot use, and of scripts"
                        + " that do not compile. Exit code 1 when all files are right but an input"
                        + " has nothing that it can run.")
final class CheckConfigCommand implements Callable<Integer> {
    private static final int COMMIT_DIGITS = 10;
    private static final int MOST_NAMED = 10;

    @Mixin private HomeOption home;
    @Spec private CommandSpec spec;

    @Option(names = "--json", description = "Prints a JSON array of the problems on one line.")
    private boolean json;

    @Override
    public Integer call() {
        Home folder = home.home();
        Settings.Loaded loaded =
                folder.isOfAnotherUser()
                        ? Settings.look(folder.root(), System.getenv())
                        : Settings.load(folder.root(), System.getenv());
        List<Problem> problems = new ArrayList<>(loaded.problems());
        List<String> idle = List.of();
        if (loaded instanceof Settings.Loaded.Usable(var settings, _)) {
            InputFolders.Looked looked =
                    InputFolders.check(
                            folder,
                            settings,
                            HomeOption.program(),
                            ExecutableLookup.on(
                                    System.getenv().getOrDefault("PATH", ""), folder.root()));
            problems.addAll(looked.problems());
            idle = looked.idle();
            HomeOption.program()
                    .objection()
                    .ifPresent(why ->
                            problems.add(
                                    new Problem(
                                            Problem.Severity.WARNING,
                                            HomeOption.program().framework(),
                                            0,
                                            0,
                                            why)));
            problems.sort(null);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(ProblemReport.json(folder.root(), problems));
        } else {
            ProblemReport.lines(folder.root(), problems).forEach(out::println);
            if (!loaded.hasErrors() && loaded instanceof Settings.Loaded.Usable(var settings, _)) {
                out.println(
                        "%s%d input(s)%s, %d push registration(s), %d check(s)"
                                .formatted(
                                        idle.isEmpty() ? "ok: " : "",
                                        settings.inputs().size(),
                                        cannotRun(idle),
                                        settings.pushes().size(),
                                        settings.checks().size()));
                git(folder, settings).ifPresent(out::println);
            }
        }
        return loaded.hasErrors() ? Cli.USAGE : idle.isEmpty() ? Cli.OK : Cli.FAILED;
    }

    private static String cannotRun(List<String> idle) {
        return idle.isEmpty()
                ? ""
                : ", %d cannot run (%s)"
                        .formatted(
                                idle.size(),
                                idle.stream().limit(MOST_NAMED).collect(Collectors.joining(", "))
                                        + (idle.size() > MOST_NAMED ? ", …" : ""));
    }

    /// Where the inputs are when they do not stand in this home's own files.
    private static Optional<String> git(Home home, Settings settings) {
        List<String> repositories =
                GitSync.onDisk(home.gitrepos(), settings.git()).stream()
                        .map(status ->
                                status.name()
                                        + status.applied()
                                                .map(commit ->
                                                        " (commit "
                                                                + commit.id()
                                                                        .substring(0, COMMIT_DIGITS)
                                                                + ")")
                                                .orElse(
                                                        " (nothing fetched yet: that is done by a running"
                                                                + " agent)"))
                        .toList();
        return repositories.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "inputs come from git repositories alone, not from this home's conf.d: "
                                + String.join(", ", repositories));
    }
}
