package io.trapline.config;

import io.trapline.config.Problem.Severity;
import io.trapline.files.Readers;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tomlj.TomlArray;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/// Warns of secrets that stand in a file which other users can read: texts of keys that say so,
/// passwords and tokens in addresses, variables of such names in `envs`, and files that
/// `ENC[file://…]` and key files name.
final class ReadableSecrets {
    private static final Pattern NAME =
            Pattern.compile(
                    "(?i)(.*[_-])?(secret|token|password|passwd|pass|pwd|passphrase|private_key|"
                            + "api_?key|aes_key|access_key|secret_key|credentials?|authorization)");

    /// `scheme://user:password@`, `?token=…`.
    private static final Pattern ADDRESS =
            Pattern.compile(
                    "(?i)[a-z][a-z0-9+.-]*://[^/\\s@:]*:[^/\\s@]+@.*|.*[?&](token|secret|password|"
                            + "access_token|api_?key)=[^&\\s]+.*");

    private static final Pattern ELSEWHERE = Pattern.compile("ENC\\[[a-zA-Z0-9]*://[^\\]]*]");
    private static final Pattern IN_FILE = Pattern.compile("ENC\\[file://([^\\]]*)]");
    private static final Pattern FILE_KEY =
            Pattern.compile("(?i)(aes_key_file|ssh_private_key_path|tls_key|token_file)");

    private final Path home;
    private final List<String> secrets = new ArrayList<>();
    private final Set<Path> files = new LinkedHashSet<>();
    private int line;

    private ReadableSecrets(Path home) {
        this.home = home;
    }

    /// @param file what was read; may be nowhere, then nothing is said
    static void warn(Path file, TomlTable content, Path home, Problems problems) {
        ReadableSecrets found = new ReadableSecrets(home);
        found.table(content);
        if (!found.secrets.isEmpty()) {
            Readers.others(file)
                    .ifPresent(who ->
                            problems.add(
                                    Severity.WARNING,
                                    file,
                                    found.line,
                                    "others can read this file ("
                                            + who.shown()
                                            + "), and it holds secrets: "
                                            + found.secrets.stream()
                                                    .distinct()
                                                    .collect(Collectors.joining(", "))
                                            + "; "
                                            + who.cure()));
        }
        for (Path secret : found.files) {
            Readers.others(secret)
                    .ifPresent(who ->
                            problems.add(
                                    Severity.WARNING,
                                    file,
                                    0,
                                    "others can read "
                                            + secret
                                            + " ("
                                            + who.shown()
                                            + "), which is named here as a secret; "
                                            + (secret.startsWith(home)
                                                    ? ""
                                                    : "if no other program needs to read it, ")
                                            + who.cure()));
        }
    }

    private void table(TomlTable table) {
        for (String key : table.keySet()) {
            value(key, table.get(List.of(key)), line(table.inputPositionOf(List.of(key))));
        }
    }

    private static int line(@Nullable TomlPosition at) {
        return at == null ? 0 : at.line();
    }

    private void value(String key, @Nullable Object value, int at) {
        switch (value) {
            case TomlTable inner -> table(inner);
            case TomlArray list -> {
                for (int i = 0; i < list.size(); i++) {
                    value(key, list.get(i), line(list.inputPositionOf(i)));
                }
            }
            case String text -> text(key, text, at);
            case null, default -> {}
        }
    }

    private void text(String key, String text, int at) {
        Matcher named = IN_FILE.matcher(text);
        while (named.find()) {
            file(named.group(1));
        }
        if (FILE_KEY.matcher(key).matches()) {
            file(text);
            return;
        }
        String plain = ELSEWHERE.matcher(text).replaceAll("").strip();
        int equals = key.equals("envs") ? plain.indexOf('=') : -1;
        String name = equals > 0 ? plain.substring(0, equals).strip() : key;
        String content = equals > 0 ? plain.substring(equals + 1) : plain;
        if (!content.isBlank()
                && (NAME.matcher(name).matches() || ADDRESS.matcher(content).matches())) {
            secrets.add(name + " (line " + at + ")");
            line = line == 0 ? at : line;
        }
    }

    private void file(String path) {
        try {
            Optional.of(home.resolve(path)).filter(Files::isRegularFile).ifPresent(files::add);
        } catch (InvalidPathException _) {
            // The reader of the value says so.
        }
    }
}
