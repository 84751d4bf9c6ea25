package io.trapline;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/// The start caches of the program that the integration tests run: what its users have from the
/// second start on. Making them takes half a minute, once a build; a start without them takes twice
/// the time, and the tests start some hundred processes.
public final class StartCaches {
    private static boolean asked;

    private StartCaches() {}

    /// The launcher under test, with its caches. With `TRAPLINE_TRAIN=no` in the environment it is
    /// taken as it is.
    ///
    /// @throws IOException when the launcher, asked to make them, fails
    public static synchronized Path launcher() throws IOException {
        String launcher =
                Objects.requireNonNull(
                        System.getProperty("trapline.launcher"),
                        "the system property trapline.launcher names the launcher; Maven sets it");
        if (!asked) {
            asked = true;
            File out = Files.createTempFile("trapline-version", ".txt").toFile();
            try {
                int code =
                        new ProcessBuilder(launcher, "version")
                                .redirectErrorStream(true)
                                .redirectOutput(Redirect.to(out))
                                .start()
                                .waitFor();
                if (code != 0) {
                    throw new IOException(
                            "%s version: exit code %d, and this output:%n%s"
                                    .formatted(launcher, code, Files.readString(out.toPath())));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while the start caches were made", e);
            } finally {
                Files.delete(out.toPath());
            }
        }
        return Path.of(launcher);
    }

    /// The libraries of the program under test: `trapline-agent.jar`, and below them the embedded
    /// Python's.
    public static Path libraries() throws IOException {
        return launcher().resolveSibling("agent/target/dist/lib");
    }
}
