package io.trapline.collector;

import io.trapline.bridge.Limits;
import io.trapline.config.ConfTable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reads one `[[inputs.pythond]]` block.
final class InputBlock {
    private static final String EMBEDDED = "graalpy";
    private static final String DIRS = "a list of directories below python.d, such as [\"mytest\"]";
    private static final Duration DAY = Duration.ofDays(1);

    private final ConfTable block;
    private final ExecutableLookup executables;

    InputBlock(ConfTable block, ExecutableLookup executables) {
        this.block = block;
        this.executables = executables;
    }

    Optional<InputSettings> read() {
        int before = block.problems().errors();
        block.hint("args", "nearest known: dirs");
        block.hint("interval", "the interval is an attribute of the collector's class");
        boolean enabled = block.flag("enabled").orElse(true);
        String name = name();
        InputSettings settings =
                new InputSettings(
                        name,
                        cmd(name),
                        dirs(),
                        envs(),
                        block.textTable("tags").orElse(Map.of()),
                        block.duration("timeout", Duration.ofMillis(1), DAY),
                        block.duration("splay", Duration.ZERO, DAY),
                        ownHost(),
                        limits(),
                        block.file(),
                        block.line());
        block.choice("overlap", Map.of("skip", "skip"));
        block.done();
        return enabled && block.problems().errors() == before
                ? Optional.of(settings)
                : Optional.empty();
    }

    private String name() {
        String accepted = "a name such as \"my-python-input\"";
        block.require("name", accepted);
        return block.parsed("name", accepted, InputBlock::plainName).orElse("");
    }

    private static String plainName(String text) {
        String name = text.replaceAll("\\s", "");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("empty without its white space");
        }
        if (name.contains("/")) {
            throw new IllegalArgumentException(
                    "contains a /, which separates the parts of a source");
        }
        return name;
    }

    /// A name as written, a path as an absolute one; empty for the embedded Python.
    private Optional<String> cmd(String input) {
        String accepted =
                "a program on the agent's PATH or its path, without arguments, or \"graalpy\" for the"
                        + " embedded Python";
        Optional<String> cmd = block.parsed("cmd", accepted, InputBlock::plainCommand);
        if (cmd.isEmpty() || cmd.get().equals(EMBEDDED)) {
            return Optional.empty();
        }
        Optional<Path> found = executables.find(cmd.get());
        if (found.isPresent()) {
            // A path starts at the home directory, and not where the agent happens to be started.
            return cmd.get().contains("/") ? found.map(Path::toString) : cmd;
        }
        String[] words = cmd.get().split("\\s+");
        if (words.length > 1) {
            block.error(
                    "cmd",
                    "a program without arguments is needed; write cmd = \""
                            + words[0]
                            + "\" and set options through envs, such as PYTHONUNBUFFERED=1");
        } else {
            block.error(
                    "cmd",
                    "input "
                            + (input.isEmpty() ? "without a name" : input)
                            + " needs this program and it was not found; install it, give its"
                            + " absolute path, or write cmd = \"graalpy\" for the embedded Python");
        }
        return Optional.empty();
    }

    private static String plainCommand(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("empty");
        }
        return text.strip();
    }

    private List<String> dirs() {
        block.require("dirs", DIRS);
        Optional<List<String>> dirs = block.texts("dirs", DIRS);
        if (dirs.isPresent() && dirs.get().isEmpty()) {
            block.error("dirs", "an empty list, so there is nothing to run; accepted: " + DIRS);
        }
        return dirs.orElse(List.of());
    }

    private Map<String, String> envs() {
        String accepted = "a list of texts such as [\"NAME=value\"]";
        Map<String, String> envs = new LinkedHashMap<>();
        for (String entry : block.texts("envs", accepted).orElse(List.of())) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                envs.put(entry.substring(0, equals).strip(), entry.substring(equals + 1));
            } else {
                block.error(
                        "envs",
                        (equals == 0
                                        ? "an entry has no name before its ="
                                        : "entry \"" + start(entry) + "\" has no =")
                                + "; accepted: "
                                + accepted);
            }
        }
        return envs;
    }

    /// Enough to find the entry, too little to give a secret away.
    private static String start(String entry) {
        return entry.length() > 20 ? entry.substring(0, 8) + "…" : entry;
    }

    private Limits limits() {
        ConfTable limits = block.section("limits");
        Limits usual = Limits.DEFAULT;
        int openFiles =
                limits.integer("open_files", 64, 1 << 20)
                        .orElse((long) usual.openFiles())
                        .intValue();
        int processes =
                limits.integer("processes", 1, 1 << 20).orElse((long) usual.processes()).intValue();
        limits.done();
        return new Limits(openFiles, processes);
    }

    private boolean ownHost() {
        return block.choice("isolation", new LinkedHashMap<>(Map.of("shared", false, "own", true)))
                .orElse(false);
    }
}
