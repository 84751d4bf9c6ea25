package io.trapline;

import io.trapline.config.Problem;
import io.trapline.config.ProblemReport;
import io.trapline.telemetry.Logs;
import io.trapline.web.ConfigStatus;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The settings in force, replaced as a whole, and what became of the last reading of the
/// configuration. Anyone reads; after the start [Reloading] alone writes.
final class InForce {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

    /// What is wrong with the program itself: no reading of the configuration changes that.
    private final List<String> ofProgram;

    private volatile Settings settings;
    private volatile ConfigStatus status;

    private InForce(List<String> ofProgram, Settings settings, ConfigStatus status) {
        this.ofProgram = ofProgram;
        this.settings = settings;
        this.status = status;
    }

    /// Reads the configuration for the first time, opens the log that it names, and tells there
    /// what is wrong with it.
    ///
    /// @throws StartFailure when there is nothing to start with
    static InForce read(Home home, Program program, InstantSource clock) throws StartFailure {
        Settings.Loaded loaded = Settings.load(home.root(), System.getenv());
        List<Problem> ofProgram =
                program.objection().stream()
                        .map(why ->
                                new Problem(
                                        Problem.Severity.WARNING, program.framework(), 0, 0, why))
                        .toList();
        List<Problem> problems = new ArrayList<>(loaded.problems());
        problems.addAll(ofProgram);
        List<String> lines = ProblemReport.lines(home.root(), problems);
        return switch (loaded) {
            case Settings.Loaded.Unusable _ ->
                    throw new StartFailure(
                            "the configuration cannot be used:\n" + String.join("\n", lines));
            case Settings.Loaded.Usable usable -> {
                log(home, usable.settings().logging());
                for (int i = 0; i < problems.size(); i++) {
                    switch (problems.get(i).severity()) {
                        case ERROR -> LOG.error("{}", lines.get(i));
                        case WARNING -> LOG.warn("{}", lines.get(i));
                        case INFO -> LOG.info("{}", lines.get(i));
                    }
                }
                yield new InForce(
                        ProblemReport.lines(home.root(), ofProgram),
                        usable.settings(),
                        new ConfigStatus(1, lines, errors(problems), false, clock.instant()));
            }
        };
    }

    private static void log(Home home, LoggingSettings logging) {
        if (!logging.file().equals(Optional.of("stdout"))) {
            Logs.toFile(
                    logging.ownFile().orElse(home.logs().resolve("trapline.log")),
                    logging.rotateBytes(),
                    logging.backups());
        }
        Logs.level(logging.level().name());
    }

    Settings settings() {
        return settings;
    }

    ConfigStatus status() {
        return status;
    }

    void replace(Settings fresh) {
        settings = fresh;
    }

    /// A reading has been applied, from `readAt`.
    ///
    /// @return its generation
    long accepted(List<String> lines, List<Problem> problems, Instant readAt) {
        long generation = status.generation() + 1;
        status = new ConfigStatus(generation, all(lines), errors(problems), false, readAt);
        return generation;
    }

    /// A reading was refused.
    ///
    /// @return the generation that stays
    long refused(List<String> lines, List<Problem> problems, Instant readAt) {
        long generation = status.generation();
        status = new ConfigStatus(generation, all(lines), errors(problems), true, readAt);
        return generation;
    }

    private List<String> all(List<String> lines) {
        List<String> all = new ArrayList<>(lines);
        all.addAll(ofProgram);
        return all;
    }

    private static long errors(List<Problem> problems) {
        return problems.stream().filter(one -> one.severity() == Problem.Severity.ERROR).count();
    }
}
