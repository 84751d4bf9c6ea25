package io.trapline;

import io.trapline.collector.CollectorSettings;
import io.trapline.collector.Discovery;
import io.trapline.collector.InputSettings;
import io.trapline.collector.OddIntervals;
import io.trapline.config.Problem;
import io.trapline.config.Problem.Severity;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

/// What is wrong with the folders that the inputs name, and with what is in them. It can change at
/// any time without a change of the configuration, so it is no mistake in that: an agent starts,
/// and looks again.
public final class InputFolders {
    private InputFolders() {}

    /// A warning for each entry of `dirs` that cannot be used, at the block that names it, and for
    /// each interval that is none, at the script's line.
    public static List<Problem> check(Home home, Settings settings) {
        CollectorSettings shared =
                Agent.collectorSettings(
                        home, () -> URI.create("http://127.0.0.1:9529"), () -> settings);
        Discovery discovery =
                new Discovery(
                        shared.pythonRoots().get(), shared.runsAsRoot() && !home.isOfAnotherUser());
        return settings.inputs().stream().flatMap(input -> check(input, discovery)).toList();
    }

    private static Stream<Problem> check(InputSettings input, Discovery discovery) {
        Discovery.Found found = discovery.find(input);
        Stream<Problem> odd =
                found.modules().stream()
                        .flatMap(module -> OddIntervals.in(module.file()).stream())
                        .map(each ->
                                new Problem(
                                        Severity.WARNING,
                                        each.file(),
                                        each.line(),
                                        0,
                                        "input " + input.name() + ": " + each.message()));
        return Stream.concat(unusable(input, found), odd);
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
                                        + what
                                        + (found.modules().isEmpty()
                                                ? "; it has nothing to run"
                                                : "")));
    }
}
