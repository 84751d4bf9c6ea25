package io.trapline.collector;

import io.trapline.bridge.Worker.LoadProblem;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What of an input did not load: told when it is news, kept for the status. Anyone may read;
/// [#found] belongs to the input's own thread, [#refuseChange] to who decides over versions.
final class LoadProblems {
    private final Voice voice;
    private volatile List<String> present = List.of();
    private volatile Set<String> broken = Set.of();
    private volatile String refusedChange = "";

    LoadProblems(Voice voice) {
        this.voice = voice;
    }

    /// @param ofFiles what was wrong before any file was loaded
    /// @param reason why the input does not run, which is told elsewhere; empty = it runs
    void found(List<String> ofFiles, List<LoadProblem> loading, String reason) {
        List<String> all = new ArrayList<>(ofFiles);
        all.addAll(told(loading));
        boolean news = !all.equals(present);
        present = List.copyOf(all);
        broken = Set.copyOf(loading.stream().map(LoadProblems::key).toList());
        if (news) {
            for (String each : all) {
                if (reason.endsWith(each)) {
                    voice.note("", each);
                } else {
                    voice.problem(each);
                }
            }
        }
    }

    /// Files have changed and their version cannot take over: the one before it goes on, if one
    /// ran.
    ///
    /// @param why empty = no longer so
    /// @param runs whether there is one that goes on
    void refuseChange(String why, boolean runs) {
        String told =
                why.isEmpty()
                        ? ""
                        : "the changed version did not load"
                                + (runs ? ", the one before it goes on: " : ": ")
                                + why;
        if (!told.equals(refusedChange)) {
            refusedChange = told;
            if (!told.isEmpty()) {
                voice.problem(told);
            }
        }
    }

    /// Empty when the version that runs is what the files say.
    String refusedChange() {
        return refusedChange;
    }

    /// One text each, the refused change first.
    List<String> all() {
        String refused = refusedChange;
        if (refused.isEmpty()) {
            return present;
        }
        List<String> all = new ArrayList<>(present);
        all.addFirst(refused);
        return all;
    }

    /// What did not load, to be recognised by in another version.
    Set<String> broken() {
        return broken;
    }

    static String key(LoadProblem problem) {
        return problem.file() + '\0' + problem.className();
    }

    static List<String> told(List<LoadProblem> problems) {
        return problems.stream()
                .map(problem ->
                        (problem.className().isEmpty()
                                        ? problem.file()
                                        : problem.className() + " in " + problem.file())
                                + " did not load:\n"
                                + problem.error())
                .toList();
    }
}
