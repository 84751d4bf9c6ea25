package io.trapline.web;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `data/admin.token`: whoever can read the file may change what the agent does. Made at first
/// start, readable by its owner alone.
public final class AdminToken {
    private static final Logger LOG = LoggerFactory.getLogger(AdminToken.class);
    private static final String SCHEME = "Bearer ";
    private static final String NEEDED =
            "this needs `Authorization: Bearer <token>` with the content of data/admin.token";

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
        if (!Files.exists(file) || isBlank(file)) {
            byte[] random = new byte[32];
            new SecureRandom().nextBytes(random);
            Path fresh = data.resolve("admin.token.new");
            Files.deleteIfExists(fresh);
            Files.createFile(
                    fresh,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            String text = Base64.getUrlEncoder().withoutPadding().encodeToString(random) + "\n";
            try (FileChannel out = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                out.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
                out.force(true);
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        }
        try {
            return new AdminToken(read(file), file.toAbsolutePath(), clock);
        } catch (IOException e) {
            throw new IOException(
                    "cannot read the admin token "
                            + file
                            + " ("
                            + e
                            + "); delete it and restart the agent to have a new one made",
                    e);
        }
    }

    /// A power cut may leave a file without its content. Nobody can know such a token, so that a
    /// new one takes nothing from anybody.
    private static boolean isBlank(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        if (!new String(Files.readAllBytes(file), StandardCharsets.UTF_8).isBlank()) {
            return false;
        }
        LOG.warn("{} is empty; a new token is made", file);
        return true;
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

    /// Why a request without it is refused, for one that needs it.
    static String refusal(Optional<String> authorization) {
        if (authorization.isEmpty()) {
            return NEEDED;
        }
        return authorization.get().regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                ? "the token in the Authorization header is not this agent's: " + NEEDED
                : "the Authorization header is of another form than Bearer: " + NEEDED;
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
                header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                        ? header.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8)
                        : new byte[0];
        return MessageDigest.isEqual(token, given);
    }
}
