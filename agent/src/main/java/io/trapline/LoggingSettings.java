package io.trapline;

import io.trapline.config.ConfTable;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.event.Level;

/// `[logging]`, and the same section of `datakit.conf`.
///
/// @param file absent = `logs/trapline.log` below the home directory; `stdout` = no file
/// @param rotateBytes a file that is larger is rotated
/// @param backups how many rotated files are kept
/// @param datakitFiles whether the files that DataKit's documentation names are written too, into
///   the home of the agent's user: `~/_datakit_pythond_*.log`
public record LoggingSettings(
        Level level, Optional<String> file, long rotateBytes, int backups, boolean datakitFiles) {
    public static final LoggingSettings DEFAULT =
            new LoggingSettings(Level.INFO, Optional.empty(), 32L << 20, 5, true);

    private static final Map<String, Level> LEVELS =
            Map.of(
                    "trace", Level.TRACE,
                    "debug", Level.DEBUG,
                    "info", Level.INFO,
                    "warn", Level.WARN,
                    "warning", Level.WARN,
                    "error", Level.ERROR);

    static LoggingSettings read(ConfTable logging, LoggingSettings base) {
        var settings =
                new LoggingSettings(
                        level(logging, base),
                        logging.text("file", "a path or \"stdout\"").or(() -> base.file),
                        logging.size("rotate", 1024, Long.MAX_VALUE).orElse(base.rotateBytes),
                        backups(logging, base),
                        logging.flag("datakit_files").orElse(base.datakitFiles));
        logging.done();
        return settings;
    }

    /// Reads `datakit.conf`'s section; `rotate` counts in MB there.
    static LoggingSettings readDataKit(
            ConfTable logging, LoggingSettings base, List<String> unused) {
        unused.addAll(logging.passOver("gin_log", "gin_err_log", "disable_color"));
        var settings =
                new LoggingSettings(
                        level(logging, base),
                        logging.text("log", "a path or \"stdout\"")
                                .filter(path -> !path.isBlank())
                                .or(() -> base.file),
                        logging.integer("rotate", 0, 1 << 20)
                                .filter(megabytes -> megabytes > 0)
                                .map(megabytes -> megabytes << 20)
                                .orElse(base.rotateBytes),
                        backups(logging, base),
                        base.datakitFiles);
        logging.done();
        return settings;
    }

    /// The file outside of the agent's own folder that it writes.
    Optional<Path> ownFile() {
        return file.filter(name -> !name.equals("stdout")).map(Path::of);
    }

    /// The same with the file below the home.
    LoggingSettings withoutFile() {
        return new LoggingSettings(level, Optional.empty(), rotateBytes, backups, datakitFiles);
    }

    private static Level level(ConfTable logging, LoggingSettings base) {
        return logging.choice("level", LEVELS).orElse(base.level);
    }

    private static int backups(ConfTable logging, LoggingSettings base) {
        return logging.integer("rotate_backups", 0, 10_000)
                .map(Math::toIntExact)
                .orElse(base.backups);
    }
}
