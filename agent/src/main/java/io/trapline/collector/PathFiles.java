package io.trapline.collector;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Files that send Python elsewhere for modules: what `pip install -e` and its kin write.
///
/// - `*.pth` in a folder of site packages: a line is a folder or a zip that is added to the path,
///   relative to that folder, or code when it begins with `import`. `*.pth` in a folder that is
///   added are not read; code can have them read (`site.addsitedir`). Source: Python's `site`.
/// - `*.egg-link` beside it: the first line is a folder. Source: setuptools, "develop".
/// - a finder, such as `__editable___x_finder.py` or `_editable_impl_x.py`: a module with the
///   absolute paths of packages in its texts. Source: PEP 660 and what its build backends write.
/// - `<program>._pth` beside an interpreter: as `*.pth`. Source: Python's `getpath.py`.
final class PathFiles {
    private static final Pattern FINDER = Pattern.compile("(?i)_.*editable.*\\.py");
    private static final Pattern CODE = Pattern.compile("import[ \t].*");
    private static final int LONGEST = 4 << 20;

    private PathFiles() {}

    /// One place that a file names.
    ///
    /// @param file who names it
    /// @param path absolute; of a module perhaps without its ending
    /// @param byCode whether code does, which may have the path read as site packages
    /// @param problem why the file cannot be understood; empty = it can, and then there is a path
    record Named(Path file, Path path, boolean byCode, String problem) {}

    /// What the files in a folder of site packages name; nothing when there is no such folder.
    static List<Named> in(Path folder) {
        List<Named> all = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            return all;
        }
        try (DirectoryStream<Path> inside = Files.newDirectoryStream(folder)) {
            for (Path file : inside) {
                String name = String.valueOf(file.getFileName());
                if (name.endsWith(".pth")) {
                    all.addAll(lines(file));
                } else if (name.endsWith(".egg-link")) {
                    lines(file).stream().limit(1).forEach(all::add);
                } else if (FINDER.matcher(name).matches()) {
                    read(file, all).ifPresent(text -> texts(file, text, all));
                }
            }
        } catch (IOException | DirectoryIteratorException _) {
            // Whoever judges the folder says so.
        }
        return all;
    }

    /// What a file of paths names, line by line.
    static List<Named> lines(Path file) {
        List<Named> all = new ArrayList<>();
        read(file, all).ifPresent(text -> text.lines().forEach(line -> line(file, line, all)));
        return all;
    }

    private static void line(Path file, String line, List<Named> all) {
        if (CODE.matcher(line).matches()) {
            texts(file, line, all);
        } else if (!line.isBlank() && !line.startsWith("#")) {
            try {
                // Python takes out the .. before it looks.
                Path path = file.resolveSibling(line.stripTrailing()).toAbsolutePath().normalize();
                all.add(new Named(file, path, false, ""));
            } catch (InvalidPathException _) {
                // Python does not add it, either.
            }
        }
    }

    /// The absolute paths among the texts of Python code.
    private static void texts(Path file, String code, List<Named> all) {
        Optional<List<String>> texts = PythonTexts.in(code);
        if (texts.isEmpty()) {
            all.add(new Named(file, file, true, "its code cannot be read for the paths in it"));
            return;
        }
        for (String text : texts.get()) {
            if (!text.startsWith("/")) {
                continue;
            }
            try {
                Path path = Path.of(text).normalize();
                if (path.getNameCount() > 0) {
                    all.add(new Named(file, path, true, ""));
                }
            } catch (InvalidPathException _) {
                // no path
            }
        }
    }

    private static Optional<String> read(Path file, List<Named> all) {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        String problem;
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(LONGEST + 1);
            if (bytes.length <= LONGEST) {
                String text =
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .decode(ByteBuffer.wrap(bytes))
                                .toString();
                return Optional.of(text.startsWith("\ufeff") ? text.substring(1) : text);
            }
            problem = "it is larger than " + (LONGEST >> 20) + " MiB";
        } catch (CharacterCodingException _) {
            problem = "it is not in UTF-8";
        } catch (IOException e) {
            problem = "it cannot be read: " + e;
        }
        all.add(new Named(file, file, false, problem));
        return Optional.empty();
    }
}
