package io.trapline.collector;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// The content of the Python files that an input runs and can import from its folders, as one hash:
/// when it changes, the input needs a new interpreter. A touched file with the same content does
/// not count. Of a folder in `dirs` every file belongs to the input; of a single file, what it
/// imports.
final class Fingerprint {
    private static final int MOST_FILES = 20_000;

    private Fingerprint() {}

    static String of(Discovery.Found found) {
        MessageDigest digest = sha256();
        for (var module : found.modules()) {
            digest.update((module.name() + '\0' + module.file() + '\0').getBytes(UTF_8));
        }
        for (Path file : files(found)) {
            digest.update((file + "\0").getBytes(UTF_8));
            content(digest, file);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /// Whether what an input runs or can import is among `some`.
    static boolean isOfOneOf(Discovery.Found found, Set<Path> some) {
        return !some.isEmpty() && !Collections.disjoint(files(found), some);
    }

    private static Set<Path> files(Discovery.Found found) {
        Set<Path> files = new TreeSet<>();
        found.folders().forEach(folder -> files.addAll(pythonFiles(folder)));
        for (var module : found.modules()) {
            files.add(module.file());
            if (!found.folders().contains(module.root())) {
                files.addAll(Imports.of(module.file(), module.root()));
            }
        }
        return files;
    }

    private static final java.nio.charset.Charset UTF_8 = java.nio.charset.StandardCharsets.UTF_8;

    private static void content(MessageDigest digest, Path file) {
        try {
            digest.update(Files.readAllBytes(file));
        } catch (IOException e) {
            // What cannot be read cannot be imported either; its appearing is a change.
            digest.update((byte) 0);
        }
    }

    private static List<Path> pythonFiles(Path folder) {
        List<Path> files = new ArrayList<>();
        try {
            Files.walkFileTree(
                    folder,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult preVisitDirectory(
                                Path dir, BasicFileAttributes attributes) {
                            boolean hidden =
                                    !dir.equals(folder)
                                            && dir.getFileName().toString().startsWith(".");
                            return hidden ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFile(
                                Path file, BasicFileAttributes attributes) {
                            if (file.toString().endsWith(".py")) {
                                files.add(file);
                            }
                            return files.size() < MOST_FILES
                                    ? FileVisitResult.CONTINUE
                                    : FileVisitResult.TERMINATE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException e) {
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            return List.of();
        }
        return files;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
