package io.trapline.net;

import io.trapline.config.FileFailure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads PEM: certificates, and private keys in PKCS#8, PKCS#1 and SEC 1 form, without passphrase.
final class Pem {
    private static final int MAX_BYTES = 1 << 20;
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    private Pem() {}

    /// @throws TlsException when it is missing, or larger than any such file
    static byte[] bytes(Path file, boolean ofKey) throws TlsException {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new TlsException(ofKey, file + " is larger than 1 MiB, so no PEM file", null);
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new TlsException(ofKey, file + ": there is no such file", e);
        } catch (AccessDeniedException e) {
            throw new TlsException(ofKey, file + ": the agent's user may not read it", e);
        } catch (IOException e) {
            throw new TlsException(ofKey, file + " cannot be read: " + FileFailure.reason(e), e);
        }
    }

    /// All certificates, in the file's order.
    static List<X509Certificate> certificates(Path file, byte[] bytes) throws TlsException {
        List<X509Certificate> found = new ArrayList<>();
        for (Block block : blocks(bytes)) {
            if (!block.type().equals("CERTIFICATE")) {
                continue;
            }
            try {
                found.add(
                        (X509Certificate)
                                CertificateFactory.getInstance("X.509")
                                        .generateCertificate(
                                                new ByteArrayInputStream(
                                                        decoded(block.content()))));
            } catch (CertificateException | IllegalArgumentException e) {
                throw new TlsException(
                        false,
                        file
                                + ": certificate "
                                + (found.size() + 1)
                                + " in it cannot be read: "
                                + e.getMessage(),
                        e);
            }
        }
        if (found.isEmpty()) {
            throw new TlsException(
                    false,
                    file + " holds no certificate; accepted: PEM, -----BEGIN CERTIFICATE-----",
                    null);
        }
        return found;
    }

    /// The first private key.
    static PrivateKey key(Path file, byte[] bytes) throws TlsException {
        for (Block block : blocks(bytes)) {
            if (!block.type().endsWith("PRIVATE KEY")) {
                continue;
            }
            if (block.type().startsWith("ENCRYPTED") || block.content().contains("ENCRYPTED")) {
                throw new TlsException(
                        true,
                        file
                                + " is protected by a passphrase; take it off (openssl pkey -in …"
                                + " -out …) and keep the file readable by the agent's user alone",
                        null);
            }
            try {
                byte[] der = decoded(block.content());
                return switch (block.type()) {
                    case "PRIVATE KEY" -> pkcs8(der);
                    case "RSA PRIVATE KEY" -> pkcs8(Der.ofPkcs1(der));
                    case "EC PRIVATE KEY" -> pkcs8(Der.ofSec1(der));
                    default -> throw new InvalidKeySpecException("its kind is not supported");
                };
            } catch (InvalidKeySpecException
                    | NoSuchAlgorithmException
                    | IllegalArgumentException e) {
                throw new TlsException(
                        true,
                        file
                                + ": the "
                                + block.type().toLowerCase(java.util.Locale.ROOT)
                                + " in it cannot be read: "
                                + e.getMessage(),
                        e);
            }
        }
        throw new TlsException(
                true,
                file
                        + " holds no private key; accepted: PEM, -----BEGIN PRIVATE KEY-----, RSA"
                        + " PRIVATE KEY or EC PRIVATE KEY",
                null);
    }

    private static PrivateKey pkcs8(byte[] der)
            throws InvalidKeySpecException, NoSuchAlgorithmException {
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm)
                        .generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (InvalidKeySpecException e) {
                // Of another algorithm: the next one is tried.
            }
        }
        throw new InvalidKeySpecException("it is no RSA, EC or Ed25519 key, or it is damaged");
    }

    private static byte[] decoded(String content) {
        return Base64.getMimeDecoder().decode(content.strip());
    }

    private static List<Block> blocks(byte[] bytes) {
        Matcher matcher = BLOCK.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
        List<Block> blocks = new ArrayList<>();
        while (matcher.find()) {
            blocks.add(new Block(matcher.group(1), matcher.group(2)));
        }
        return blocks;
    }

    private record Block(String type, String content) {}
}
