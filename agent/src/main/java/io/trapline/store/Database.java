package io.trapline.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.duckdb.DuckDBConnection;

/// One open DuckDB instance, shut off from files, network, extensions and settings for good.
final class Database implements AutoCloseable {
    static final String FILE = "store.duckdb";
    static final String WAL = FILE + ".wal";

    /// What a sort or a join may put on disk when it outgrows the memory limit.
    private static final String SPILL_LIMIT = "1GiB";

    private final DuckDBConnection root;
    private final WideRows wideRows;

    private Database(DuckDBConnection root, WideRows wideRows) {
        this.root = root;
        this.wideRows = wideRows;
    }

    /// What a row may be wide with the memory that this instance has.
    WideRows wideRows() {
        return wideRows;
    }

    /// Takes most of a second the first time: the native library is unpacked and loaded.
    static Database open(Path directory, StoreSettings settings) throws SQLException, IOException {
        Files.createDirectories(directory);
        return connect(directory, settings, false);
    }

    /// For a look from another process while nobody writes.
    static Database openReadOnly(Path directory, StoreSettings settings) throws SQLException {
        return connect(directory, settings, true);
    }

    private static Database connect(Path directory, StoreSettings settings, boolean readOnly)
            throws SQLException {
        Properties options = new Properties();
        options.setProperty("memory_limit", settings.memoryBytes() + "B");
        int threads = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 2);
        options.setProperty("threads", Integer.toString(threads));
        // What was not checkpointed is in memory, also after it was read back from the log.
        options.setProperty(
                "checkpoint_threshold", Math.min(settings.memoryBytes() / 8, 16L << 20) + "B");
        WideRows wideRows = WideRows.within(settings.memoryBytes());
        options.setProperty("zstd_min_string_length", Integer.toString(wideRows.compressedFrom()));
        options.setProperty("preserve_insertion_order", "false");
        options.setProperty("temp_directory", directory.resolve("store.tmp").toString());
        options.setProperty("max_temp_directory_size", SPILL_LIMIT);
        options.setProperty("enable_external_access", "false");
        options.setProperty("autoinstall_known_extensions", "false");
        options.setProperty("autoload_known_extensions", "false");
        options.setProperty("allow_community_extensions", "false");
        options.setProperty("jdbc_stream_results", "true");
        String url = "jdbc:duckdb:" + directory.resolve(FILE).toAbsolutePath();
        DuckDBConnection root = DuckDBConnection.newConnection(url, readOnly, null, options);
        try {
            try (Statement statement = root.createStatement()) {
                statement.execute("SET GLOBAL TimeZone = 'UTC'");
                statement.execute("SET GLOBAL lock_configuration = true");
            }
            if (!readOnly) {
                Schema.prepare(root);
            }
            return new Database(root, wideRows);
        } catch (SQLException e) {
            root.close();
            throw e;
        }
    }

    DuckDBConnection connection() throws SQLException {
        return root.duplicate();
    }

    /// Closes the instance when all its connections are closed.
    @Override
    public void close() throws SQLException {
        root.close();
    }

    /// Whether a failure to open says that the file's content is not what DuckDB wrote. Anything
    /// that may pass by itself (another process, a full disk, too little memory) is not damage.
    static boolean isDamage(Exception e) {
        if (e instanceof Schema.NewerStoreException || e instanceof IOException) {
            return false;
        }
        return isCorruption(e)
                || says(
                        e,
                        List.of(
                                "not a valid duckdb database file",
                                "serialization error",
                                "internal error",
                                "failure while replaying wal"));
    }

    /// Whether a failure, of whatever step, says that a block of the file has other bytes than were
    /// written, or is not there.
    static boolean isCorruption(Exception e) {
        return says(e, List.of("corrupt", "checksum", "could not read enough bytes"));
    }

    /// Whether the memory that the database was given was not enough for what it was to do.
    static boolean isOutOfMemory(Exception e) {
        return says(
                e,
                List.of(
                        "out of memory",
                        "failed to pin block",
                        "failed to allocate",
                        "could not allocate",
                        "failed to offload"));
    }

    /// Whether the transaction is in the database though its end failed, since the checkpoint after
    /// it did.
    static boolean isDurable(Exception e) {
        return says(e, List.of("commit succeeded and is durable"));
    }

    /// Whether the database refuses everything from now on, until it is opened anew: DuckDB's
    /// answer to any error that it calls internal, and what it says of every statement afterwards.
    /// Only by how the message begins: further behind it may quote people's data.
    static boolean isInvalidated(Exception e) {
        String text = String.valueOf(e.getMessage());
        return text.startsWith("INTERNAL Error") || text.startsWith("FATAL Error");
    }

    private static boolean says(Exception e, List<String> signs) {
        String text = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        return signs.stream().anyMatch(text::contains);
    }

    static long bytesOnDisk(Path directory) {
        long sum = 0;
        for (String name : List.of(FILE, WAL)) {
            try {
                sum += Files.size(directory.resolve(name));
            } catch (IOException _) {
                // A log that was just folded into the database is no longer there: nothing to add.
            }
        }
        return sum;
    }
}
