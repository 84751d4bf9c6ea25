package io.trapline.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/// Certificates made for tests; all but `self` and `expired` are issued by `ca`, for localhost and
/// 127.0.0.1. They are good for a hundred years.
public final class TlsFixture {
    private TlsFixture() {}

    /// Copies `<certificate>.pem` and `<key>.key` to `pair.pem` and `pair.key`.
    public static TlsFiles pair(Path folder, String certificate, String key) {
        return new TlsFiles(
                copy(certificate + ".pem", folder.resolve("pair.pem")),
                copy(key + ".key", folder.resolve("pair.key")));
    }

    public static Path copy(String name, Path to) {
        try (InputStream in =
                Objects.requireNonNull(
                        TlsFixture.class.getResourceAsStream("/tls/" + name), name)) {
            Files.write(to, in.readAllBytes());
            return to;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
