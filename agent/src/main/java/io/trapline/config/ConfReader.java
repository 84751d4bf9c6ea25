package io.trapline.config;

import io.trapline.config.Problem.Severity;
import io.trapline.files.FileTrust;
import io.trapline.files.Objection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.tomlj.Toml;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;

/// Reads TOML files of one kind. A byte order mark is ignored.
///
/// @param problems where every finding goes
/// @param home where relative paths in `ENC[file://…]` start
/// @param unknownKeys how bad an unknown key is in this kind of file
/// @param variables replaced in the text before it is parsed; empty = none
/// @param key for `ENC[aes://…]`
/// @param trust which files are read at all
public record ConfReader(
        Problems problems,
        Path home,
        Severity unknownKeys,
        Map<String, String> variables,
        Optional<AesKey> key,
        FileTrust trust) {
    public ConfReader {
        variables = Map.copyOf(variables);
    }

    /// Of any file.
    public ConfReader(
            Problems problems,
            Path home,
            Severity unknownKeys,
            Map<String, String> variables,
            Optional<AesKey> key) {
        this(problems, home, unknownKeys, variables, key, FileTrust.everyone());
    }

    /// The file's content, or empty with a problem reported.
    public Optional<byte[]> bytes(Path file) {
        Optional<Objection> objection = trust.objection(file);
        if (objection.isPresent()) {
            problems.add(Severity.ERROR, file, 0, "is not read: " + objection.get().because());
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readAllBytes(file));
        } catch (IOException e) {
            problems.add(
                    Severity.ERROR,
                    file,
                    0,
                    "cannot be read: "
                            + FileFailure.reason(e)
                            + "; check that it is a file and that the agent's user may read it");
            return Optional.empty();
        }
    }

    /// The top level of a file, or empty when it is not TOML; then the problems say where.
    public Optional<ConfTable> parse(Path file, byte[] content) {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
        } catch (CharacterCodingException e) {
            problems.add(
                    Severity.ERROR, file, badLine(content), "not UTF-8; save the file as UTF-8");
            return Optional.empty();
        }
        if (text.startsWith("\uFEFF")) {
            text = text.substring(1);
        }
        text = Variables.replace(text, variables);
        int control = firstControl(text);
        if (control >= 0) {
            problems.add(
                    Severity.ERROR,
                    file,
                    1 + (int) text.substring(0, control).chars().filter(c -> c == '\n').count(),
                    "not TOML: a control character (U+%04X); it takes tabs and line ends alone, and"
                                    .formatted((int) text.charAt(control))
                            + " others as escapes in texts, such as \\u001b");
            return Optional.empty();
        }
        TomlParseResult toml = Toml.parse(text);
        for (TomlParseError error : toml.errors()) {
            problems.syntax(
                    file,
                    error.position().line(),
                    error.position().column(),
                    "not TOML: " + error.getMessage());
        }
        if (!toml.hasErrors()) {
            ReadableSecrets.warn(file, toml, home, problems);
        }
        return toml.hasErrors()
                ? Optional.empty()
                : Optional.of(
                        ConfTable.root(toml, file, problems, new Secrets(home, key), unknownKeys));
    }

    /// The top level of a file that may be missing: then it has no keys.
    public Optional<ConfTable> read(Path file) {
        return Files.exists(file)
                ? bytes(file).flatMap(content -> parse(file, content))
                : Optional.of(empty(file));
    }

    /// A file without keys.
    public ConfTable empty(Path file) {
        return ConfTable.root(Toml.parse(""), file, problems, new Secrets(home, key), unknownKeys);
    }

    /// Such a character confuses the parser where it skips what it cannot read.
    private static int firstControl(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
                return i;
            }
        }
        return -1;
    }

    private static int badLine(byte[] content) {
        int line = 1;
        int start = 0;
        for (int i = 0; i <= content.length; i++) {
            if (i == content.length || content[i] == '\n') {
                try {
                    var _ =
                            StandardCharsets.UTF_8
                                    .newDecoder()
                                    .decode(ByteBuffer.wrap(content, start, i - start));
                } catch (CharacterCodingException e) {
                    return line;
                }
                start = i + 1;
                line++;
            }
        }
        return 0;
    }
}
