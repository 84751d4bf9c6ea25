package io.trapline;

import io.trapline.bridge.ScriptSyntax;
import io.trapline.bridge.WorkerSpec.Module;
import io.trapline.collector.CollectorSettings;
import io.trapline.collector.Discovery;
import io.trapline.collector.ExecutableLookup;
import io.trapline.collector.InputSettings;
import io.trapline.collector.OddIntervals;
import io.trapline.config.Problem;
import io.trapline.config.Problem.Severity;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// What is wrong with the folders that the inputs name, and with what is in them. It can change at
/// any time without a change of the configuration, so it is no mistake in that: an agent starts,
/// and looks again.
public final class InputFolders {
    private static final String EMBEDDED_PYTHON = "3.12";

    private InputFolders() {}

    /// @param problems warnings, at the block or the script that they are about
    /// @param idle the names of inputs that have nothing to run
    public record Looked(List<Problem> problems, List<String> idle) {
        public Looked {
            problems = List.copyOf(problems);
            idle = List.copyOf(idle);
        }
    }

    /// A warning for each entry of `dirs` that cannot be used, at the block that names it, and for
    /// each interval that is none and each script that does not compile, at the script's line.
    ///
    /// @param executables finds the Python that is asked about scripts of inputs without a `cmd`
    public static Looked check(
            Home home, Settings settings, Program program, ExecutableLookup executables) {
        ScriptSyntax syntax = new ScriptSyntax(program.framework());
        Optional<Path> python = executables.find("python3");
        CollectorSettings shared =
                Agent.collectorSettings(
                        home, () -> URI.create("http://127.0.0.1:9529"), () -> settings);
        Discovery discovery =
                new Discovery(
                        shared.pythonRoots().get(), shared.runsAsRoot() && !home.isOfAnotherUser());
        List<Problem> problems = new ArrayList<>();
        List<String> idle = new ArrayList<>();
        for (InputSettings input : settings.inputs()) {
            Discovery.Found found = discovery.find(input);
            if (found.modules().isEmpty()) {
                idle.add(input.name());
            }
            Stream.of(
                            unusable(input, found),
                            odd(input, found),
                            broken(input, found, syntax, python, home.isOfAnotherUser()))
                    .flatMap(Function.identity())
                    .forEach(problems::add);
        }
        return new Looked(problems, idle);
    }

    private static Stream<Problem> odd(InputSettings input, Discovery.Found found) {
        return found.modules().stream()
                .flatMap(module -> OddIntervals.in(module.file()).stream())
                .map(each -> at(each.file(), each.line(), input, each.message()));
    }

    /// @param foreign nothing is run that another user's configuration names
    private static Stream<Problem> broken(
            InputSettings input,
            Discovery.Found found,
            ScriptSyntax syntax,
            Optional<Path> python,
            boolean foreign) {
        List<Path> files = found.modules().stream().map(Module::file).toList();
        return files.isEmpty() || foreign
                ? Stream.empty()
                : input.command().or(() -> python).stream()
                        .flatMap(asked -> syntax.mistakes(asked, files).stream())
                        .map(each ->
                                at(
                                        each.file(),
                                        each.line(),
                                        input,
                                        each.message() + comesOf(each, input)));
    }

    private static String comesOf(ScriptSyntax.Mistake mistake, InputSettings input) {
        return input.command().isPresent()
                ? "; it will not load"
                : "; it will not load, unless it is written for a newer Python than this host's "
                        + mistake.version()
                        + ": the embedded one, which runs this input, is "
                        + EMBEDDED_PYTHON;
    }

    private static Problem at(Path file, int line, InputSettings input, String message) {
        return new Problem(
                Severity.WARNING, file, line, 0, "input " + input.name() + ": " + message);
    }

    private static Stream<Problem> unusable(InputSettings input, Discovery.Found found) {
        boolean nothing = found.modules().isEmpty() && found.problems().isEmpty();
        return (nothing
                        ? Stream.of("no .py file in dirs " + input.dirs())
                        : found.problems().stream())
                .map(what ->
                        new Problem(
                                Severity.WARNING,
                                input.file(),
                                input.line(),
                                0,
                                "input "
                                        + input.name()
                                        + ": "
                                        + (found.modules().isEmpty()
                                                ? "it has nothing to run: "
                                                : "")
                                        + what));
    }
}
