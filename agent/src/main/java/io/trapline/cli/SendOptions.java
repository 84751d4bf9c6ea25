package io.trapline.cli;

import io.trapline.config.FileFailure;
import io.trapline.forward.Courier;
import io.trapline.forward.HttpPoster;
import io.trapline.net.TlsException;
import io.trapline.net.Trust;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What `push send` and `trap send` share. Their exit codes: 0 ok, 2 usage, 3 refused (by the check
/// before sending or by the receiver), 4 limited to the end, 5 unreachable.
final class SendOptions {
    static final int REFUSED = 3;
    static final int LIMITED = 4;
    static final int UNREACHABLE = 5;
    static final String STANDARD_INPUT = "-";
    private static final int MAX_INPUT = 64 << 20;

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description = "File with the JSON to send (- = standard input).")
    @Nullable String file;

    @Option(names = "--body", paramLabel = "JSON", description = "The JSON to send.")
    @Nullable String body;

    @Option(
            names = "--dry-run",
            description = "Checks and prints what would be sent, and sends nothing.")
    boolean dryRun;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "How many seconds one request may take (default: 10).")
    int timeout;

    @Option(
            names = "--retry-for",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description =
                    "How many seconds to go on trying after 429, 5xx and lost connections (default:"
                            + " 60; 0 = try once).")
    int retryFor;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description =
                    "PEM file with the certificates to trust over TLS (default: those that Java"
                            + " trusts).")
    @Nullable Path ca;

    @Option(names = "--no-verify", description = "Takes any TLS certificate.")
    boolean noVerify;

    @Option(names = "--quiet", description = "Does not print what the receiver answers.")
    boolean quiet;

    /// The JSON text, or null when there is none.
    @Nullable String input() throws CommandFailure {
        if (body != null && file != null) {
            throw new CommandFailure(Cli.USAGE, "--body and --file together: leave one out");
        }
        return file == null ? body : read(file, "--file");
    }

    static String read(String file, String option) throws CommandFailure {
        try (InputStream in =
                file.equals(STANDARD_INPUT) ? System.in : Files.newInputStream(Path.of(file))) {
            byte[] bytes = in.readNBytes(MAX_INPUT + 1);
            if (bytes.length > MAX_INPUT) {
                throw new CommandFailure(
                        Cli.USAGE, option + " " + file + ": longer than 64 MiB; send it in parts");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new CommandFailure(
                    Cli.USAGE, option + " " + file + ": cannot be read: " + FileFailure.reason(e));
        }
    }

    HttpPoster poster() throws CommandFailure {
        if (timeout < 1 || retryFor < 0) {
            throw new CommandFailure(
                    Cli.USAGE, "--timeout is at least 1, --retry-for at least 0 seconds");
        }
        return new HttpPoster(Duration.ofSeconds(timeout), trust(), InstantSource.system());
    }

    private Optional<SSLContext> trust() throws CommandFailure {
        if (ca == null) {
            return noVerify ? Optional.of(Trust.everybody()) : Optional.empty();
        }
        if (noVerify) {
            throw new CommandFailure(Cli.USAGE, "--ca and --no-verify together: leave one out");
        }
        try {
            return Optional.of(Trust.authorities(ca));
        } catch (TlsException e) {
            throw new CommandFailure(Cli.USAGE, "--ca " + e.getMessage());
        }
    }

    Courier courier(HttpPoster poster) {
        return new Courier(
                poster,
                Duration.ofSeconds(retryFor),
                System::nanoTime,
                Thread::sleep,
                RandomGenerator.getDefault());
    }

    /// The exit code that belongs to an outcome.
    static int exitCode(Courier.Outcome outcome) {
        return switch (outcome) {
            case Courier.Outcome.Delivered _ -> Cli.OK;
            case Courier.Outcome.Refused _ -> REFUSED;
            case Courier.Outcome.Limited _ -> LIMITED;
            case Courier.Outcome.Unreachable _ -> UNREACHABLE;
        };
    }
}
