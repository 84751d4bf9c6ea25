package io.trapline;

import io.trapline.collector.InputSettings;
import io.trapline.config.Problem;
import io.trapline.config.Problem.Severity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Which inputs run after files changed by themselves, when some of the files are wrong or still
/// being written: the inputs of such a file go on as they were, everybody else gets what is new.
final class StandingInputs {
    private StandingInputs() {}

    /// @param running what is in force
    /// @param fresh what the files say now
    /// @param problems what is wrong with them
    /// @param restless files that are being written
    static List<InputSettings> of(
            List<InputSettings> running,
            List<InputSettings> fresh,
            List<Problem> problems,
            Set<Path> restless) {
        Set<Path> wrong = new HashSet<>();
        problems.stream()
                .filter(problem -> problem.severity() == Severity.ERROR)
                .forEach(problem -> wrong.add(problem.file()));
        Map<String, InputSettings> before = new HashMap<>();
        running.forEach(input -> before.put(input.name(), input));
        List<InputSettings> all = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (InputSettings input : fresh) {
            InputSettings known = before.get(input.name());
            InputSettings chosen = restless.contains(input.file()) && known != null ? known : input;
            boolean halfWritten = restless.contains(input.file()) && known == null;
            if (!halfWritten && names.add(chosen.name())) {
                all.add(chosen);
            }
        }
        for (InputSettings input : running) {
            boolean stays = wrong.contains(input.file()) || restless.contains(input.file());
            if (stays && names.add(input.name())) {
                all.add(input);
            }
        }
        return all;
    }
}
