package io.trapline;

import io.trapline.collector.ExecutableLookup;
import io.trapline.collector.InputSettings;
import io.trapline.config.Problem;
import io.trapline.config.Problem.Severity;
import io.trapline.files.FileTrust;
import io.trapline.forward.ForwardSettings;
import io.trapline.gitsync.GitSettings;
import io.trapline.ingest.CoreSettings;
import io.trapline.ingest.HttpSettings;
import io.trapline.journal.JournalSettings;
import io.trapline.pipeline.PipelineSettings;
import io.trapline.registry.CheckSettings;
import io.trapline.registry.PushSettings;
import io.trapline.store.StoreSettings;
import io.trapline.web.WebSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Everything that the files below `conf.d` say, with defaults for what they do not say.
///
/// @param hostName of this machine, or what `ENV_HOSTNAME` in `datakit.conf` calls it
/// @param http the agent's listener
/// @param core the push and trap listener
/// @param web who may look at the pages
/// @param store empty = no local database (`enabled = false`)
/// @param watch reload by itself when a file below `conf.d` changes
/// @param inputs those that can run, with unique names
public record Settings(
        Role role,
        String hostName,
        HttpSettings http,
        CoreSettings core,
        WebSettings web,
        PipelineSettings pipeline,
        JournalSettings journal,
        Optional<StoreSettings> store,
        LoggingSettings logging,
        boolean watch,
        List<PushSettings> pushes,
        List<CheckSettings> checks,
        ForwardSettings forward,
        GitSettings git,
        List<InputSettings> inputs) {
    public Settings {
        pushes = List.copyOf(pushes);
        checks = List.copyOf(checks);
        inputs = List.copyOf(inputs);
    }

    /// The same with other inputs.
    Settings running(List<InputSettings> others) {
        return new Settings(
                role, hostName, http, core, web, pipeline, journal, store, logging, watch, pushes,
                checks, forward, git, others);
    }

    /// What reading gave. Problems come sorted by file and line.
    public sealed interface Loaded {
        List<Problem> problems();

        /// Whether a file is wrong somewhere: `check-config` and a reload refuse it.
        default boolean hasErrors() {
            return problems().stream().anyMatch(p -> p.severity() == Severity.ERROR);
        }

        /// An error among the problems has taken one input out, or one file of inputs; an agent
        /// starts with what is good.
        record Usable(Settings settings, List<Problem> problems) implements Loaded {
            public Usable {
                problems = List.copyOf(problems);
            }
        }

        /// `trapline.conf` or `datakit.conf` is wrong, or the directory cannot be read: nothing to
        /// start with.
        record Unusable(List<Problem> problems) implements Loaded {
            public Unusable {
                problems = List.copyOf(problems);
            }
        }
    }

    /// What configuration takes from outside the files.
    ///
    /// @param variables the agent's environment
    /// @param executables finds what `cmd` names
    /// @param trust which files are read: what they say is run with the agent's rights
    /// @param writing which files are written
    public record Surroundings(
            Map<String, String> variables,
            HostIdentity host,
            ExecutableLookup executables,
            FileTrust trust,
            FileTrust writing) {
        public Surroundings {
            variables = Map.copyOf(variables);
        }

        /// With trust in every file.
        public Surroundings(
                Map<String, String> variables, HostIdentity host, ExecutableLookup executables) {
            this(variables, host, executables, FileTrust.everyone(), FileTrust.everyone());
        }
    }

    /// Reads `conf.d` below `home`; a missing `conf.d` means defaults.
    public static Loaded load(Path home, Surroundings surroundings) {
        return new SettingsLoader(home, surroundings).load();
    }

    /// As [#load(Path, Surroundings)], on this machine. As root, files that others can change are
    /// refused; as anybody, files to be written in whose place others can put another.
    public static Loaded load(Path home, Map<String, String> environment) {
        return load(
                home,
                onThisMachine(home, environment, FileTrust.ofThisProcess(), FileTrust.ofWriter()));
    }

    /// As [#load(Path, Map)], with the trust of another user's agent: to look at its settings and
    /// do nothing that they say.
    public static Loaded look(Path home, Map<String, String> environment) {
        return load(home, looking(home, environment));
    }

    /// What is wrong with the input files of a repository's commit, which need not be in place.
    static List<Problem> checkInputs(Path home, Map<String, String> environment, Path tree) {
        return new SettingsLoader(home, looking(home, environment)).checkInputs(tree);
    }

    private static Surroundings looking(Path home, Map<String, String> environment) {
        return onThisMachine(home, environment, FileTrust.everyone(), FileTrust.everyone());
    }

    private static Surroundings onThisMachine(
            Path home, Map<String, String> environment, FileTrust trust, FileTrust writing) {
        return new Surroundings(
                environment,
                HostIdentity.ofThisMachine(),
                ExecutableLookup.on(environment.getOrDefault("PATH", ""), home),
                trust,
                writing);
    }
}
