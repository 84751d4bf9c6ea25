package io.trapline.collector;

import io.trapline.bridge.Limits;
import io.trapline.bridge.WorkerSpec;
import io.trapline.config.ConfTable;
import io.trapline.files.FileTrust;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// One `[[inputs.pythond]]` block.
///
/// @param name white space removed, unique among the inputs
/// @param cmd as written: absent or `graalpy` = embedded, else an executable
/// @param dirs as written, resolved when the input starts
/// @param envs added to the agent's environment, `$NAME` already replaced
/// @param tags added to this input's points, never over a point's own
/// @param timeout of a run, kept to exactly; absent = [Patience] says when one is ended
/// @param splay the first tick of a collector lies up to this far into its interval; absent = the
///   whole interval
/// @param ownHost `isolation = "own"`: an embedded input with a host process of its own
/// @param limits what it may take of the operating system
/// @param file where the block stands
/// @param line likewise, counted from 1
public record InputSettings(
        String name,
        Optional<String> cmd,
        List<String> dirs,
        Map<String, String> envs,
        Map<String, String> tags,
        Optional<Duration> timeout,
        Optional<Duration> splay,
        boolean ownHost,
        Limits limits,
        Path file,
        int line) {

    /// With the usual limits.
    public InputSettings(
            String name,
            Optional<String> cmd,
            List<String> dirs,
            Map<String, String> envs,
            Map<String, String> tags,
            Optional<Duration> timeout,
            Optional<Duration> splay,
            boolean ownHost,
            Path file,
            int line) {
        this(name, cmd, dirs, envs, tags, timeout, splay, ownHost, Limits.DEFAULT, file, line);
    }

    /// Tells the framework in a worker to leave upstream's log files alone.
    private static final String NO_USER_FILES = "TRAPLINE_DATAKIT_FILES";

    /// Tells Python to leave out the packages in the user's home directory.
    private static final String NO_USER_SITE = "PYTHONNOUSERSITE";

    public InputSettings {
        dirs = List.copyOf(dirs);
        envs = Map.copyOf(envs);
        tags = Map.copyOf(tags);
    }

    /// Reads one block. Answers empty when the block cannot run as it stands, and says why, or when
    /// it is switched off (`enabled = false`); the other blocks are not touched by that.
    public static Optional<InputSettings> read(ConfTable block, ExecutableLookup executables) {
        return new InputBlock(block, executables).read();
    }

    /// The executable that runs it, when it is not embedded. A name is looked up here and not when
    /// the process is started: what is run is what was looked at.
    public Optional<Path> command() {
        return cmd.filter(c -> !c.equals("graalpy"))
                .map(c ->
                        ExecutableLookup.on(System.getenv().getOrDefault("PATH", ""), Path.of(""))
                                .find(c)
                                .orElseGet(() -> Path.of(c)));
    }

    /// Whether what ends its process ends no other input.
    boolean hasOwnProcess() {
        return ownHost || cmd.filter(c -> !c.equals("graalpy")).isPresent();
    }

    /// How long a run may go on.
    ///
    /// @param interval seconds
    Patience patience(double interval) {
        return Patience.of(
                Schedule.intervalNanos(interval),
                timeout.map(Schedule::nanos).map(OptionalLong::of).orElse(OptionalLong.empty()));
    }

    /// How its interpreter is started.
    WorkerSpec worker(Discovery.Found found, CollectorSettings shared) {
        return new WorkerSpec(
                name,
                command(),
                ownHost,
                found.modules(),
                environment(shared),
                shared.endpointHost(),
                shared.endpointPort(),
                limits);
    }

    private Map<String, String> environment(CollectorSettings shared) {
        Map<String, String> all = new HashMap<>(envs);
        if (!shared.userFiles().getAsBoolean() || othersWriteInHome()) {
            all.put(NO_USER_FILES, "no");
        }
        if (shared.runsAsRoot()
                && command().isPresent()
                && !new InputTrust(FileTrust.ofRoot(), System.getenv()).isUserSiteTrusted(this)) {
            all.put(NO_USER_SITE, "1");
        }
        return all;
    }

    /// Whether upstream's log files could be links that somebody else made: `HOME` may be another
    /// user's (`sudo` keeps it).
    private boolean othersWriteInHome() {
        String home = envs.getOrDefault("HOME", System.getenv().getOrDefault("HOME", ""));
        try {
            return !home.isEmpty()
                    && FileTrust.ofWriter()
                            .objectionToWriting(Path.of(home, "_datakit_pythond_cli.log"))
                            .isPresent();
        } catch (InvalidPathException _) {
            return true;
        }
    }

    /// The same input under another name.
    public InputSettings named(String other) {
        return new InputSettings(
                other, cmd, dirs, envs, tags, timeout, splay, ownHost, limits, file, line);
    }

    /// Without the values of `envs`, which may be secrets.
    @Override
    public String toString() {
        return "InputSettings[name=%s, cmd=%s, dirs=%s, envs=%s, tags=%s, file=%s:%d]"
                .formatted(name, cmd.orElse("graalpy"), dirs, envs.keySet(), tags, file, line);
    }
}
