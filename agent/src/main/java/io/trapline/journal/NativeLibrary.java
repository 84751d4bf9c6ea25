package io.trapline.journal;

import io.trapline.files.DamagedFiles;
import io.trapline.files.PrivateFolders;
import io.trapline.files.UnsafeFilesException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/// Puts SQLite's native library into `native` beside the data, where nobody else gets at it.
///
/// Left alone, the driver unpacks it under a new name into the temporary directory at each start,
/// and a killed process leaves it there for good.
public final class NativeLibrary {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibrary.class);
    private static final String PATH = "org.sqlite.lib.path";
    private static final String NAME = "org.sqlite.lib.name";

    /// Below the data: the native libraries of all drivers.
    public static final String FOLDER = "native";

    /// Where it was before there was one folder for all.
    private static final String BEFORE = "sqlite-native";

    private NativeLibrary() {}

    /// Must come before the first connection of the process, and at one time by one process of a
    /// data folder. When it fails the driver's own way remains.
    ///
    /// @param data the folder of the databases
    /// @throws UnsafeFilesException when others could change the library
    public static synchronized void prepare(Path data) throws UnsafeFilesException {
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
            Path folder = data.toAbsolutePath().resolve(FOLDER);
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)
                    && !Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                LOG.warn(
                        "{} is no folder; it was moved aside to {}",
                        folder,
                        DamagedFiles.moveAside(folder, Instant.now()));
            }
            PrivateFolders.make(folder);
            tidy(folder, name);
            tidy(data.resolve(BEFORE), "");
            Files.deleteIfExists(data.resolve(BEFORE));
            Path target = folder.resolve(name);
            byte[] library = in.readAllBytes();
            if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
                LOG.warn(
                        "{} is no file; it was moved aside to {}",
                        target,
                        DamagedFiles.moveAside(target, Instant.now()));
            }
            if (!isThere(target, library)) {
                Path unfinished = Files.createTempFile(folder, name, ".part");
                Files.write(unfinished, library);
                Files.move(
                        unfinished,
                        target,
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            }
            System.setProperty(NAME, name);
            System.setProperty(PATH, folder.toString());
        } catch (UnsafeFilesException e) {
            throw e; // it would be loaded from where others can write
        } catch (IOException e) {
            LOG.warn("SQLite's library could not be unpacked into {}", data, e);
        }
    }

    /// What another version left, or one that was killed while it unpacked.
    private static void tidy(Path folder, String kept) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            for (Path file : all) {
                if (!file.endsWith(kept) && !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /// No link, which the next process would follow to wherever it leads by then.
    private static boolean isThere(Path target, byte[] library) throws IOException {
        return Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)
                && Files.size(target) == library.length
                && Arrays.equals(Files.readAllBytes(target), library);
    }
}
