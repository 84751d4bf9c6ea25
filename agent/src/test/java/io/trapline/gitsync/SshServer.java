package io.trapline.gitsync;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/// The machine's `sshd` on a loopback port, with a host key and one user's key of its own.
public final class SshServer implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/sbin/sshd");

    private final Path folder;
    private final int port;
    private final Process process;

    /// @param type of the user's key, as `ssh-keygen -t` calls it
    public SshServer(Path folder, String type, String passphrase)
            throws IOException, InterruptedException {
        this.folder = Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        if (!Files.isExecutable(PROGRAM)) {
            throw new IOException(
                    PROGRAM + " is missing; ./dev/test installs it (Debian: openssh-server)");
        }
        key("host", "ed25519", "");
        key("user", type, passphrase);
        Files.copy(folder.resolve("user.pub"), folder.resolve("authorized"));
        port = Serving.freePort();
        Path config = folder.resolve("config");
        Files.writeString(
                config,
                """
                ListenAddress 127.0.0.1:%d
                HostKey %s
                AuthorizedKeysFile %s
                PidFile none
                StrictModes no
                UsePAM no
                PasswordAuthentication no
                KbdInteractiveAuthentication no
                PermitRootLogin yes
                """
                        .formatted(port, folder.resolve("host"), folder.resolve("authorized")));
        Files.createDirectories(Path.of("/run/sshd"));
        process =
                new ProcessBuilder(PROGRAM.toString(), "-D", "-e", "-f", config.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("log").toFile())
                        .start();
        Serving.awaitAnswer(process, "sshd", port, folder.resolve("log"));
    }

    private void key(String name, String type, String passphrase)
            throws IOException, InterruptedException {
        int code =
                new ProcessBuilder(
                                List.of(
                                        "ssh-keygen",
                                        "-q",
                                        "-t",
                                        type,
                                        "-N",
                                        passphrase,
                                        "-f",
                                        folder.resolve(name).toString()))
                        .start()
                        .waitFor();
        if (code != 0) {
            throw new IOException("ssh-keygen ended with " + code);
        }
    }

    public Path userKey() {
        return folder.resolve("user");
    }

    /// As `known_hosts` holds it.
    public String knownHostLine() throws IOException {
        return line("host.pub");
    }

    /// As `ssh-keygen -l` shows it.
    String hostFingerprint() throws IOException {
        Process process =
                new ProcessBuilder("ssh-keygen", "-l", "-f", folder.resolve("host.pub").toString())
                        .start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .split(" ")[1];
    }

    String wrongHostLine() throws IOException {
        return line("user.pub");
    }

    private String line(String file) throws IOException {
        String[] words = Files.readString(folder.resolve(file)).split(" ");
        return "[127.0.0.1]:%d %s %s%n".formatted(port, words[0], words[1].strip());
    }

    public String url(Path bare) {
        return "ssh://%s@127.0.0.1:%d%s".formatted(System.getProperty("user.name"), port, bare);
    }

    @Override
    public void close() {
        stop();
    }

    public void stop() {
        process.destroy();
    }
}
