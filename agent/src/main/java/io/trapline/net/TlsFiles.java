package io.trapline.net;

import io.trapline.config.ConfTable;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/// Where a listener's certificate chain and its private key are, in PEM.
public record TlsFiles(Path certificate, Path key) {
    private static final String ACCEPTED = "a PEM file, such as \"conf.d/web01.pem\"";

    /// Reads two keys of a table that belong together, and the files that they name: mistakes in
    /// these are problems of the configuration. Relative paths start at the home directory.
    public static Optional<TlsFiles> read(ConfTable table, String certificateKey, String keyKey) {
        Optional<Path> certificate = table.path(certificateKey, ACCEPTED);
        Optional<Path> key = table.path(keyKey, ACCEPTED);
        if (certificate.isEmpty() && key.isEmpty()) {
            return Optional.empty();
        }
        if (certificate.isEmpty() || key.isEmpty()) {
            String there = certificate.isPresent() ? certificateKey : keyKey;
            String missing = certificate.isPresent() ? keyKey : certificateKey;
            if (!table.has(missing)) {
                table.error(there, "TLS needs " + missing + " as well; accepted: " + ACCEPTED);
            }
            return Optional.empty();
        }
        TlsFiles files = new TlsFiles(certificate.get(), key.get());
        try {
            Identity.load(files)
                    .warning(files.certificate, Instant.now())
                    .ifPresent(text -> table.warn(certificateKey, text));
        } catch (TlsException e) {
            table.error(e.isOfKey() ? keyKey : certificateKey, String.valueOf(e.getMessage()));
        }
        return Optional.of(files);
    }
}
