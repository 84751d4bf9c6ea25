package io.trapline.config;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Why a file could not be used, in words: the JDK's exceptions say it by their class, and then
/// only with a path.
public final class FileFailure {
    private FileFailure() {}

    /// A whole sentence: the path, why, and as whom to try again where another user may.
    public static String text(FileSystemException failure) {
        String file = failure.getFile() == null ? "a file" : failure.getFile();
        return file + ": " + reason(failure) + advice(failure);
    }

    /// Why alone, to follow a path and a colon.
    public static String reason(IOException failure) {
        return switch (failure) {
            case AccessDeniedException denied -> "permission denied" + whose(denied);
            case NoSuchFileException _ -> "there is no such file or folder";
            case FileAlreadyExistsException _ -> "a file is there already";
            case NotDirectoryException _ -> "it is not a folder";
            case DirectoryNotEmptyException _ -> "the folder is not empty";
            case FileSystemLoopException _ -> "its links go round in a circle";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default ->
                    failure.getMessage() == null
                            ? "it cannot be read or written"
                            : failure.getMessage();
        };
    }

    /// ` (/h/data belongs to trapline, this is nobody)`, or nothing when that is not known.
    private static String whose(AccessDeniedException denied) {
        return barrier(denied)
                .flatMap(FileFailure::owner)
                .map(owner ->
                        " ("
                                + barrier(denied).map(Path::toString).orElse("it")
                                + " belongs to "
                                + owner
                                + ", this is "
                                + me()
                                + ")")
                .orElse("");
    }

    private static String advice(FileSystemException failure) {
        if (!(failure instanceof AccessDeniedException denied)) {
            return "";
        }
        Optional<String> owner = barrier(denied).flatMap(FileFailure::owner);
        return owner.map(name ->
                        name.equals(me())
                                ? "; give its owner the right back with chmod u+rwX"
                                : "; run this as " + name + ": sudo -u " + name + " …")
                .orElse("; run this as the user that owns it");
    }

    /// The file itself, or the folder on the way to it that lets this user no further.
    private static Optional<Path> barrier(AccessDeniedException denied) {
        try {
            @Nullable Path path = Path.of(String.valueOf(denied.getFile())).toAbsolutePath();
            while (path != null && !Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                path = path.getParent();
            }
            return Optional.ofNullable(path);
        } catch (InvalidPathException _) {
            return Optional.empty();
        }
    }

    private static Optional<String> owner(Path path) {
        try {
            return Optional.of(Files.getOwner(path, LinkOption.NOFOLLOW_LINKS).getName());
        } catch (IOException | UnsupportedOperationException _) {
            return Optional.empty();
        }
    }

    private static String me() {
        return System.getProperty("user.name", "another user");
    }
}
