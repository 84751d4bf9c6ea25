package io.trapline.collector;

import io.trapline.bridge.Worker.LoadProblem;
import io.trapline.collector.Opener.Opening;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How a changed input's next version takes over from the one that runs: the next one loads beside
/// it and waits aside; the one that runs leaves its ticks to it, lets its runs end, and says when
/// each has.
///
/// Each version has one, on its own thread; to the other's thread it hands steps over.
final class Succession {
    private final Opener opener;
    private final Life life;
    private @Nullable Aside aside;
    private @Nullable InputRunner successor;
    private boolean ownsLog;

    /// What is loaded and waits to take over.
    private static final class Aside {
        final Opening.Good good;
        @Nullable Runnable death;

        Aside(Opening.Good good) {
            this.good = good;
        }
    }

    /// @param first whether no version runs before it
    Succession(Opener opener, Life life, boolean first) {
        this.opener = opener;
        this.life = life;
        this.ownsLog = first;
    }

    /// Whether the log file, which versions share, is this one's to close.
    boolean ownsLog() {
        return ownsLog;
    }

    // ---- the next version

    /// Loads, and waits aside.
    ///
    /// @param accepted what did not load in the version that runs either
    /// @return why it cannot take over, empty when it can
    String prepare(Set<String> accepted) {
        if (life.stopping) {
            return "it was changed again meanwhile";
        }
        return switch (opener.open()) {
            case Opening.Failed failed ->
                    failed.problems().isEmpty()
                            ? failed.reason()
                            : failed.reason()
                                    + "\n"
                                    + String.join("\n", LoadProblems.told(failed.problems()));
            case Opening.Good good -> {
                List<LoadProblem> fresh =
                        good.worker().problems().stream()
                                .filter(problem -> !accepted.contains(LoadProblems.key(problem)))
                                .toList();
                if (fresh.isEmpty()) {
                    aside = new Aside(good);
                    yield "";
                }
                good.worker().close();
                yield String.join("\n", LoadProblems.told(fresh));
            }
        };
    }

    /// An interpreter has died: when it is the one that waits, that counts after it took over.
    ///
    /// @return whether it is the one that waits
    boolean keep(Ears from, Runnable death) {
        Aside waiting = aside;
        if (waiting == null || waiting.good.ears() != from) {
            return false;
        }
        waiting.death = death;
        return true;
    }

    interface Loaded {
        /// @param death of the interpreter, when it has died meanwhile
        void goOn(Opening.Good good, @Nullable Runnable death);
    }

    /// The version before has retired: what waits goes on.
    void takeOver(Loaded loaded) {
        ownsLog = true;
        Aside ready = aside;
        if (ready == null || life.stopping) {
            end();
            return;
        }
        aside = null;
        loaded.goOn(ready.good, ready.death);
    }

    /// Ends what still waits.
    void end() {
        Aside left = aside;
        aside = null;
        if (left != null) {
            left.good.worker().close();
        }
    }

    // ---- the version before

    void handOverTo(InputRunner next) {
        ownsLog = false;
        successor = next;
    }

    /// No version before the next one runs this collector any more.
    void release(String collectorId) {
        InputRunner next = successor;
        if (next != null) {
            next.released(collectorId);
        }
    }
}
