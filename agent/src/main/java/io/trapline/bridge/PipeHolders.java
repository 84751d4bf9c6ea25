package io.trapline.bridge;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Who else can write into a worker's pipe: a process that it forked, and that has left its group
/// and its parents, keeps the pipe open after the worker has ended. Empty where there is no
/// `/proc`.
final class PipeHolders {
    private static final Path PROC = Path.of("/proc");
    private static final int ACCESS_MODE = 3;

    private PipeHolders() {}

    /// The pipe that is the standard output of a process that has just started, as the kernel names
    /// it: `pipe:[4711]`.
    static Optional<String> outputOf(long process) {
        Path output = PROC.resolve(process + "/fd/1");
        return Optional.of(link(output)).filter(name -> name.startsWith("pipe:"));
    }

    /// Those that have it open for writing, but this process.
    static List<Long> of(String pipe) {
        long own = ProcessHandle.current().pid();
        List<Long> holders = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(PROC, "[1-9]*")) {
            for (Path folder : folders) {
                long process = Long.parseLong(folder.getFileName().toString());
                if (process != own && writes(folder, pipe)) {
                    holders.add(process);
                }
            }
        } catch (IOException | DirectoryIteratorException | NumberFormatException _) {
            // then those that were found
        }
        return holders;
    }

    private static boolean writes(Path folder, String pipe) {
        try (DirectoryStream<Path> open = Files.newDirectoryStream(folder.resolve("fd"))) {
            for (Path each : open) {
                if (link(each).equals(pipe)
                        && isWritten(folder.resolve("fdinfo").resolve(each.getFileName()))) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException _) {
            // it has ended, or is another user's
        }
        return false;
    }

    private static boolean isWritten(Path info) throws IOException {
        for (String line : Files.readAllLines(info)) {
            if (line.startsWith("flags:")) {
                return (Integer.parseInt(line.substring(6).strip(), 8) & ACCESS_MODE) != 0;
            }
        }
        return false;
    }

    private static String link(Path path) {
        try {
            return Files.isSymbolicLink(path) ? Files.readSymbolicLink(path).toString() : "";
        } catch (IOException _) {
            return "";
        }
    }
}
