package io.trapline.journal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/// Puts SQLite's native library beside the data, once.
///
/// Left alone, the driver unpacks it under a new name into the temporary directory at each start,
/// and a killed process leaves it there for good.
final class NativeLibrary {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibrary.class);
    private static final String PATH = "org.sqlite.lib.path";
    private static final String NAME = "org.sqlite.lib.name";

    private NativeLibrary() {}

    /// Must come before the first connection of the process. When it fails the driver's own way
    /// remains.
    static synchronized void prepare(Path directory) {
        if (System.getProperty(PATH) != null) {
            return;
        }
        String name = LibraryLoaderUtil.getNativeLibName();
        String resource = LibraryLoaderUtil.getNativeLibResourcePath() + "/" + name;
        try (InputStream in = SQLiteJDBCLoader.class.getResourceAsStream(resource)) {
            if (in == null) {
                LOG.debug("the SQLite driver has no library {}", resource);
                return;
            }
            Path home = directory.toAbsolutePath().resolve("sqlite-native");
            Path target = home.resolve(name);
            byte[] library = in.readAllBytes();
            if (!Files.exists(target) || !Arrays.equals(Files.readAllBytes(target), library)) {
                Files.createDirectories(home);
                Path unfinished = Files.createTempFile(home, name, ".part");
                Files.write(unfinished, library);
                Files.move(
                        unfinished,
                        target,
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            }
            System.setProperty(NAME, name);
            System.setProperty(PATH, home.toString());
        } catch (IOException e) {
            LOG.warn("SQLite's library could not be unpacked into {}", directory, e);
        }
    }
}
