package io.trapline.forward;

import io.trapline.config.ConfTable;
import io.trapline.net.TlsException;
import io.trapline.net.Trust;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/// What every kind of output has.
///
/// @param name unique; names the cursor `output/<name>` and is shown everywhere
/// @param timeout of one request, from connecting to the last byte of the answer
/// @param verify check TLS certificates and host names
/// @param ca PEM file of whom to trust; empty = whom the JDK trusts
public record OutputBasics(
        String name,
        boolean enabled,
        Selection selection,
        Duration timeout,
        boolean verify,
        Optional<Path> ca) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
    private static final String NAME_TEXT = "1 to 64 letters, digits, dots, dashes and underscores";
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

    public OutputBasics {
        Objects.requireNonNull(selection, "selection");
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("output name \"" + name + "\" is not " + NAME_TEXT);
        }
        if (!timeout.isPositive()) {
            throw new IllegalArgumentException("timeout must be positive, is " + timeout);
        }
    }

    public OutputBasics(String name) {
        this(name, true, Selection.ALL, DEFAULT_TIMEOUT, true, Optional.empty());
    }

    /// Reads the keys that all kinds share. When the name is missing or wrong, which is reported,
    /// the answer has another one, so that the other problems show too.
    static OutputBasics read(ConfTable output) {
        output.require("name", NAME_TEXT);
        String name =
                output.parsed(
                                "name",
                                NAME_TEXT,
                                text -> {
                                    if (!NAME.matcher(text).matches()) {
                                        throw new IllegalArgumentException("does not fit");
                                    }
                                    return text;
                                })
                        .orElse("unnamed");
        return new OutputBasics(
                name,
                output.flag("enabled").orElse(true),
                Selection.read(output),
                output.duration("timeout", Duration.ofMillis(1), Duration.ofHours(1))
                        .orElse(DEFAULT_TIMEOUT),
                output.flag("verify").orElse(true),
                ca(output));
    }

    private static Optional<Path> ca(ConfTable output) {
        Optional<Path> file =
                output.path("ca", "a PEM file with certificates, such as \"conf.d/ca.pem\"");
        file.ifPresent(path -> {
            try {
                Trust.authorities(path);
            } catch (TlsException e) {
                output.error("ca", String.valueOf(e.getMessage()));
            }
        });
        return file;
    }

    /// Empty = whom the JDK trusts.
    ///
    /// @throws TlsException when the file is no good any more
    Optional<SSLContext> trust() throws TlsException {
        if (!verify) {
            return Optional.of(Trust.everybody());
        }
        return ca.isEmpty() ? Optional.empty() : Optional.of(Trust.authorities(ca.get()));
    }
}
