package io.trapline.gitsync;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A repository that people push to: `<folder>/confs.git`, with a working copy beside it. Uses the
/// machine's `git`, so that what is served was not made by the library under test.
public final class Origin {
    private final Path served;
    private final Path bare;
    private final Path work;

    public Origin(Path folder) throws IOException {
        served = folder.resolve("served");
        bare = served.resolve("confs.git");
        work = folder.resolve("work");
        Files.createDirectories(bare);
        Files.createDirectories(work);
        git(bare, "init", "-q", "--bare", "-b", "master");
        git(bare, "config", "http.receivepack", "false");
        git(work, "init", "-q", "-b", "master");
        git(work, "remote", "add", "origin", bare.toString());
    }

    /// What a server serves.
    public Path served() {
        return served;
    }

    Path work() {
        return work;
    }

    public Path bare() {
        return bare;
    }

    public Origin write(String file, String content) throws IOException {
        Path path = work.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
        return this;
    }

    /// Commits all there is and pushes it; the commit's id.
    public String push(String message) throws IOException {
        git("add", "-A");
        git("commit", "-q", "--allow-empty", "-m", message);
        git("push", "-q", "-f", "origin", "HEAD");
        return git("rev-parse", "HEAD");
    }

    public String git(String... arguments) throws IOException {
        return git(work, arguments);
    }

    static String git(Path where, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("git"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(where.toFile()).redirectErrorStream(true);
        builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
        builder.environment().put("GIT_CONFIG_NOSYSTEM", "1");
        for (String who : List.of("AUTHOR", "COMMITTER")) {
            builder.environment().put("GIT_" + who + "_NAME", "Ann");
            builder.environment().put("GIT_" + who + "_EMAIL", "ann@example.org");
        }
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(command + ": " + out);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return out.strip();
    }
}
