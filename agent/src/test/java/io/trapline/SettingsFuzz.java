package io.trapline;

import io.trapline.config.Problem;
import io.trapline.fuzz.Promises;
import io.trapline.fuzz.Stretch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A `trapline.conf` has problems, or settings, and nothing else comes of it.
public final class SettingsFuzz {
    private static final HostIdentity HOST =
            new HostIdentity("h1", Optional.of("10.1.2.3"), "id-1");
    private static final Path HOME = home();

    private SettingsFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        try {
            // TOML's parser takes its time.
            Files.write(HOME.resolve("conf.d/trapline.conf"), Stretch.of(data, 16 << 10));
        } catch (IOException e) {
            throw new UncheckedIOException("writing the configuration", e);
        }
        List<Problem> problems =
                Settings.load(
                                HOME,
                                new Settings.Surroundings(
                                        Map.of("HOME", "/home/u"),
                                        HOST,
                                        _ -> Optional.of(Path.of("/usr/bin/python3"))))
                        .problems();
        for (Problem problem : problems) {
            Promises.holds(!problem.toString().isBlank(), "a problem without words");
        }
    }

    private static Path home() {
        try {
            Path home = Files.createTempDirectory("trapline-fuzz");
            Files.createDirectories(home.resolve("conf.d"));
            Runtime.getRuntime()
                    .addShutdownHook(
                            new Thread(() -> {
                                try {
                                    Files.deleteIfExists(home.resolve("conf.d/trapline.conf"));
                                    Files.deleteIfExists(home.resolve("conf.d"));
                                    Files.deleteIfExists(home);
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            }));
            return home;
        } catch (IOException e) {
            throw new UncheckedIOException("making a home", e);
        }
    }
}
