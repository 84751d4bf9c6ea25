package io.trapline.collector;

import io.trapline.files.FileTrust;
import io.trapline.files.Objection;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// Whether the program that runs an input, and the code that its environment has that program load,
/// can be changed by others. Its folders are for [Discovery] to ask about.
///
/// Of an interpreter: the file and the way to it, with all links; of a virtual environment also
/// what can be imported from it; of a script the interpreter that its first line names. The library
/// of an interpreter that the system brings is not looked through.
final class InputTrust {
    /// Lists of folders or files from which an interpreter, or the loader of programs, takes code.
    private static final List<String> CODE_PATHS =
            List.of(
                    "PYTHONPATH",
                    "PYTHONHOME",
                    "PYTHONUSERBASE",
                    "PYTHONPYCACHEPREFIX",
                    "PYTHONSTARTUP",
                    "LD_PRELOAD",
                    "LD_LIBRARY_PATH",
                    "LD_AUDIT");

    private static final int MOST_SCRIPTS = 5;

    private final FileTrust trust;
    private final Map<String, String> agent;

    /// @param agent the environment that workers inherit
    InputTrust(FileTrust trust, Map<String, String> agent) {
        this.trust = trust;
        this.agent = agent;
    }

    /// Why the input as a whole is not run, a sentence each.
    List<String> objections(InputSettings input) {
        List<String> all = new ArrayList<>();
        input.command().ifPresent(program -> program(input, program, all, 0));
        Map<String, String> environment = new HashMap<>(agent);
        environment.putAll(input.envs());
        for (String name : CODE_PATHS) {
            String value = environment.getOrDefault(name, "");
            if (value.isEmpty()) {
                continue;
            }
            String separator = name.equals("LD_PRELOAD") ? "[: ]" : File.pathSeparator;
            for (String entry : value.split(separator, -1)) {
                path(entry)
                        .flatMap(trust::objectionToTree)
                        .ifPresent(objection ->
                                all.add(
                                        refused(
                                                input,
                                                name + " names " + quoted(entry),
                                                objection)));
            }
        }
        return all;
    }

    /// Whether an interpreter may look into the home directory of the agent's user for packages,
    /// which may be somebody else's (`sudo` keeps `HOME`).
    boolean isUserSiteTrusted(InputSettings input) {
        Map<String, String> environment = new HashMap<>(agent);
        environment.putAll(input.envs());
        String home = environment.getOrDefault("HOME", "");
        return home.isEmpty()
                || path(home + "/.local/lib").flatMap(trust::objectionToTree).isEmpty();
    }

    private void program(InputSettings input, Path program, List<String> all, int depth) {
        String subject = "cmd runs " + quoted(program);
        trust.objection(program)
                .ifPresent(objection -> all.add(refused(input, subject, objection)));
        for (Path part : partsOfEnvironment(program)) {
            trust.objectionToTree(part)
                    .ifPresent(objection -> all.add(refused(input, subject, objection)));
        }
        if (depth < MOST_SCRIPTS) {
            interpreter(program).ifPresent(next -> program(input, next, all, depth + 1));
        }
    }

    private static String refused(InputSettings input, String subject, Objection objection) {
        return objection.message("the input " + input.name(), "run") + " (" + subject + ")";
    }

    private static String quoted(Object text) {
        return "\"" + text + "\"";
    }

    /// An empty entry is the working directory, which workers have from the agent.
    private static Optional<Path> path(String entry) {
        try {
            return Optional.of(Path.of(entry).toAbsolutePath());
        } catch (InvalidPathException _) {
            return Optional.empty();
        }
    }

    /// Of a virtual environment: its settings, what it imports from and the Python it was made of.
    private static List<Path> partsOfEnvironment(Path program) {
        @Nullable Path bin = program.toAbsolutePath().getParent();
        @Nullable Path environment = bin == null ? null : bin.getParent();
        if (environment == null) {
            return List.of();
        }
        Path settings = environment.resolve("pyvenv.cfg");
        if (!Files.exists(settings)) {
            return List.of();
        }
        List<Path> parts = new ArrayList<>(List.of(settings));
        try (DirectoryStream<Path> libraries =
                Files.newDirectoryStream(environment, "{lib,lib64,Lib}")) {
            libraries.forEach(parts::add);
        } catch (IOException _) {
            parts.add(environment.resolve("lib"));
        }
        Properties keys = new Properties();
        try (InputStream in = Files.newInputStream(settings)) {
            keys.load(in);
            Optional.ofNullable(keys.getProperty("home"))
                    .flatMap(InputTrust::path)
                    .filter(Files::exists)
                    .ifPresent(home -> parts.add(home.resolve("python3")));
        } catch (IOException | IllegalArgumentException _) {
            return parts;
        }
        return parts;
    }

    /// What the kernel runs in place of a script, by its first line; of `env` what that runs.
    private Optional<Path> interpreter(Path program) {
        byte[] begin;
        try (InputStream in = Files.newInputStream(program)) {
            begin = in.readNBytes(256);
        } catch (IOException _) {
            return Optional.empty();
        }
        String line = new String(begin, StandardCharsets.ISO_8859_1).lines().findFirst().orElse("");
        if (!line.startsWith("#!")) {
            return Optional.empty();
        }
        String[] words = line.substring(2).strip().split("\\s+");
        for (String word : words) {
            boolean option = word.startsWith("-") || word.contains("=");
            if (!option && !word.endsWith("/env")) {
                return ExecutableLookup.on(agent.getOrDefault("PATH", ""), Path.of("")).find(word);
            }
        }
        return Optional.empty();
    }
}
