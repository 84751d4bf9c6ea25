package io.trapline.collector;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One `[[inputs.pythond]]` block.
///
/// @param name white space removed, unique among the inputs
/// @param cmd as written: absent or `graalpy` = embedded, else an executable
/// @param dirs as written, resolved when the input starts
/// @param envs added to the agent's environment, `$NAME` already replaced
/// @param tags added to this input's points, never over a point's own
/// @param timeout absent = the larger of the collector's interval and 10 s
/// @param splay the first tick of a collector lies up to this far into its interval; absent = the
///   whole interval
/// @param ownHost `isolation = "own"`: an embedded input with a host process of its own
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
        Path file,
        int line) {
    public InputSettings {
        dirs = List.copyOf(dirs);
        envs = Map.copyOf(envs);
        tags = Map.copyOf(tags);
    }
}
