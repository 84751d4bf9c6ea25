package io.trapline.gitsync;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.treewalk.TreeWalk;

/// Writes a commit's files into a new folder, which nobody reads yet, and refuses what could do
/// harm outside of it. What comes from the repository is not trusted: not its names, links or
/// sizes.
final class Export {
    private static final int MOST_FILES = 20_000;
    private static final long MOST_BYTES = 256L << 20;
    private static final int MOST_REASONS = 20;
    private static final String LFS = "version https://git-lfs.github.com/spec/";

    private final Repository repository;
    private final Path tree;
    private final long maxFile;
    private final Map<String, String> files = new LinkedHashMap<>();
    private final Map<String, String> links = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();
    private final List<String> reasons = new ArrayList<>();
    private long bytes;

    private Export(Repository repository, Path tree, long maxFile) {
        this.repository = repository;
        this.tree = tree;
        this.maxFile = maxFile;
    }

    /// @param tree a folder that is not there yet
    /// @throws RefusedException with every reason, naming the files
    /// @throws IOException when objects are missing or the disk refuses
    static Manifest write(
            Repository repository, ObjectId id, String branch, Path tree, long maxFile)
            throws IOException, RefusedException {
        return new Export(repository, tree, maxFile).write(id, branch);
    }

    private Manifest write(ObjectId id, String branch) throws IOException, RefusedException {
        Files.createDirectories(tree);
        Commit commit;
        try (RevWalk commits = new RevWalk(repository);
                TreeWalk walk = new TreeWalk(repository)) {
            RevCommit found = commits.parseCommit(id);
            commit =
                    new Commit(
                            id.name(),
                            oneLine(found.getShortMessage()),
                            Instant.ofEpochSecond(found.getCommitTime()));
            walk.addTree(found.getTree());
            walk.setRecursive(true);
            while (walk.next()) {
                entry(walk);
                if (reasons.size() >= MOST_REASONS) {
                    break;
                }
            }
        }
        // Last, so that no file is written through a link.
        for (Map.Entry<String, String> link : links.entrySet()) {
            link(link.getKey(), link.getValue());
        }
        for (String link : links.keySet()) {
            stays(link);
        }
        if (!reasons.isEmpty()) {
            throw new RefusedException(commit, reasons);
        }
        return new Manifest(commit, branch, notes, files);
    }

    private void entry(TreeWalk walk) throws IOException {
        String path = walk.getPathString();
        FileMode mode = walk.getFileMode();
        ObjectId blob = walk.getObjectId(0);
        if (!isTame(path)) {
            reasons.add("the name \"" + oneLine(path) + "\" leads out of the repository's folder");
        } else if (mode.equals(FileMode.GITLINK)) {
            notes.add(path + " is a submodule; submodules are not followed, the folder is empty");
        } else if (files.size() >= MOST_FILES) {
            reasons.add("more than " + MOST_FILES + " files; the first too many is " + path);
        } else {
            file(path, mode, blob);
        }
    }

    private void file(String path, FileMode mode, ObjectId blob) throws IOException {
        ObjectLoader content = repository.open(blob);
        long size = content.getSize();
        bytes += size;
        if (size > maxFile) {
            reasons.add(
                    "%s has %d bytes; a file may have %d ([git_repos] max_file)"
                            .formatted(path, size, maxFile));
            return;
        }
        if (bytes > MOST_BYTES) {
            reasons.add(
                    "the files have more than "
                            + MOST_BYTES
                            + " bytes together; the first too many is "
                            + path);
            return;
        }
        files.put(path, blob.name());
        if (mode.equals(FileMode.SYMLINK)) {
            links.put(path, new String(content.getBytes(), StandardCharsets.UTF_8));
            return;
        }
        try {
            Path file = tree.resolve(path);
            Files.createDirectories(file.getParent());
            try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW)) {
                content.copyTo(out);
            }
            boolean program = mode.equals(FileMode.EXECUTABLE_FILE);
            Files.setPosixFilePermissions(
                    file, PosixFilePermissions.fromString(program ? "rwxr-xr-x" : "rw-r--r--"));
            if (size < 1024
                    && Files.readString(file, StandardCharsets.ISO_8859_1).startsWith(LFS)) {
                notes.add(
                        path
                                + " is kept in Git LFS, which is not followed: only its pointer is here");
            }
        } catch (java.nio.file.FileAlreadyExistsException | InvalidPathException e) {
            reasons.add("the name " + path + " cannot be a file here: " + e.getMessage());
        }
    }

    private void link(String path, String target) throws IOException {
        try {
            Path link = tree.resolve(path);
            Files.createDirectories(link.getParent());
            Files.createSymbolicLink(link, Path.of(target));
        } catch (java.nio.file.FileAlreadyExistsException | InvalidPathException e) {
            reasons.add("the link " + path + " cannot be made here: " + e.getMessage());
        }
    }

    /// By what the link leads to in truth, since it may lead through others.
    private void stays(String path) throws IOException {
        Path link = tree.resolve(path);
        if (!Files.isSymbolicLink(link)) {
            return;
        }
        Path target = Files.readSymbolicLink(link);
        boolean inside;
        try {
            inside = !target.isAbsolute() && link.toRealPath().startsWith(tree.toRealPath());
        } catch (IOException _) {
            // Nothing, or a circle: harmless now, but what it names could come to be.
            Files.delete(link);
            files.remove(path);
            notes.add("the link " + path + " leads to nothing in the repository and is left out");
            return;
        }
        if (!inside) {
            reasons.add(
                    "the link "
                            + path
                            + " leads out of the repository, to "
                            + oneLine(target.toString()));
        }
    }

    private static boolean isTame(String path) {
        if (path.isEmpty() || path.chars().anyMatch(Character::isISOControl)) {
            return false;
        }
        for (String part : path.split("/", -1)) {
            if (part.isEmpty()
                    || part.equals(".")
                    || part.equals("..")
                    || part.equalsIgnoreCase(".git")) {
                return false;
            }
        }
        return true;
    }

    static String oneLine(String text) {
        return text.chars()
                .map(c -> Character.isISOControl(c) ? ' ' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString()
                .strip();
    }
}
