package io.trapline.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `ENC[file://PATH]` in a text value stands for what that file holds, without the white space
/// around it, `ENC[aes://TEXT]` for what [AesKey] makes of the text. The content appears in no
/// message.
final class Secrets {
    private static final Pattern USE = Pattern.compile("ENC\\[([a-zA-Z0-9]*)://([^\\]]*)]");
    private static final int MAX_BYTES = 1 << 20;

    private final Path home;
    private final Optional<AesKey> key;

    /// @param home where a relative path starts
    Secrets(Path home, Optional<AesKey> key) {
        this.home = home;
        this.key = key;
    }

    /// A path of the configuration; a relative one starts at the home directory.
    Path resolvePath(String path) {
        return home.resolve(path);
    }

    static boolean usedIn(String text) {
        return USE.matcher(text).find();
    }

    /// @throws IllegalArgumentException with what is wrong and what to do
    String resolve(String text) {
        return USE.matcher(text)
                .replaceAll(use -> Matcher.quoteReplacement(content(use.group(1), use.group(2))));
    }

    private String content(String kind, String what) {
        return switch (kind) {
            case "file" -> fromFile(what);
            case "aes" -> decrypted(what);
            default ->
                    throw new IllegalArgumentException(
                            "ENC[" + kind + "://…]; accepted: ENC[file://…] and ENC[aes://…]");
        };
    }

    private String decrypted(String text) {
        AesKey with =
                key.orElseThrow(() ->
                        new IllegalArgumentException(
                                "ENC[aes://…]: there is no key for it; set aes_key or aes_Key_file"
                                        + " below [crypto] in conf.d/datakit.conf, or put the plain"
                                        + " text into a file that only the agent's user can read and"
                                        + " write ENC[file:///path/of/the/file]"));
        try {
            return with.decrypt(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "ENC[aes://…] cannot be decrypted with the key of [crypto] in"
                            + " conf.d/datakit.conf: "
                            + e.getMessage(),
                    e);
        }
    }

    private String fromFile(String path) {
        try {
            Path file = home.resolve(path);
            if (Files.size(file) > MAX_BYTES) {
                throw new IllegalArgumentException(
                        "ENC[file://"
                                + path
                                + "]: larger than 1 MiB; accepted: a file with the secret");
            }
            return Files.readString(file).strip();
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException(
                    "ENC[file://"
                            + path
                            + "]: there is no such file; accepted: a file with the secret",
                    e);
        } catch (IOException | java.nio.file.InvalidPathException e) {
            throw new IllegalArgumentException(
                    "ENC[file://"
                            + path
                            + "]: cannot be read: "
                            + (e instanceof IOException failed
                                    ? FileFailure.reason(failed)
                                    : "that is no path")
                            + "; accepted: a file that the agent's user may read",
                    e);
        }
    }
}
