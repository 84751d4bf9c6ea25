package io.trapline.files;

import java.nio.file.FileSystemException;
import java.nio.file.Path;

/// Files of the agent belong to somebody else or can be written by others; the reason lists all of
/// them with their cures.
public final class UnsafeFilesException extends FileSystemException {
    private static final long serialVersionUID = 1L;

    UnsafeFilesException(Path first, String reason) {
        super(first.toString(), null, reason);
    }
}
