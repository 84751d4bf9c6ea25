package io.trapline.web;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;

/// `data/admin.token`: whoever can read the file may change what the agent does. Made at first
/// start, readable by its owner alone.
public final class AdminToken {
    private static final String SCHEME = "Bearer ";

    private final byte[] token;

    private final Path file;
    private final Sessions sessions;

    private AdminToken(String token, Path file, InstantSource clock) {
        this.file = file;
        this.token = token.getBytes(StandardCharsets.UTF_8);
        this.sessions = new Sessions(this.token, clock);
    }

    public static AdminToken loadOrCreate(Path data) throws IOException {
        return loadOrCreate(data, InstantSource.system());
    }

    /// @param clock by which sessions end
    public static AdminToken loadOrCreate(Path data, InstantSource clock) throws IOException {
        Path file = data.resolve("admin.token");
        if (!Files.exists(file)) {
            byte[] random = new byte[32];
            new SecureRandom().nextBytes(random);
            Path fresh = data.resolve("admin.token.new");
            Files.deleteIfExists(fresh);
            Files.createFile(
                    fresh,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            Files.writeString(
                    fresh, Base64.getUrlEncoder().withoutPadding().encodeToString(random) + "\n");
            Files.move(fresh, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        }
        return new AdminToken(read(file), file.toAbsolutePath(), clock);
    }

    /// The token's text, for a command of the same user.
    public static String read(Path file) throws IOException {
        String token = Files.readString(file).strip();
        if (token.isEmpty()) {
            throw new IOException(
                    file + " is empty; delete it and restart the agent to have a new one made");
        }
        return token;
    }

    /// Where it is kept.
    public Path file() {
        return file;
    }

    /// Browsers in which it was shown.
    public Sessions sessions() {
        return sessions;
    }

    /// Whether somebody typed it; takes equally long either way.
    public boolean is(String typed) {
        return MessageDigest.isEqual(token, typed.strip().getBytes(StandardCharsets.UTF_8));
    }

    /// Whether an `Authorization` header carries the token; takes equally long either way.
    public boolean admits(Optional<String> authorization) {
        String header = authorization.orElse("");
        byte[] given =
                header.startsWith(SCHEME)
                        ? header.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8)
                        : new byte[0];
        return MessageDigest.isEqual(token, given);
    }
}
