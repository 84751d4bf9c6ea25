package io.trapline.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// The key of `[crypto]` in `datakit.conf`, with which `ENC[aes://TEXT]` is read: `TEXT` is base64
/// of 16 bytes of initialisation vector and the secret in AES-CBC with PKCS#7 padding, as DataKit
/// writes it.
public final class AesKey {
    private static final String ACCEPTED = "a key of 16, 24 or 32 characters";
    private static final Set<Integer> LENGTHS = Set.of(16, 24, 32);
    private static final int BLOCK = 16;

    private final byte[] key;

    private AesKey(byte[] key) {
        this.key = key;
    }

    /// @param crypto `aes_key`, or else `aes_Key_file`, a file that holds nothing but the key; what
    ///   cannot be used is a warning, since perhaps nothing needs it
    public static Optional<AesKey> read(ConfTable crypto) {
        Optional<String> text = crypto.secret("aes_key", ACCEPTED);
        Optional<String> file = crypto.text("aes_Key_file", "a file with " + ACCEPTED);
        crypto.done();
        return text.filter(key -> !key.isEmpty())
                .flatMap(key -> checked(crypto, "aes_key", () -> of(key)))
                .or(() ->
                        file.filter(path -> !path.isEmpty())
                                .flatMap(path ->
                                        checked(crypto, "aes_Key_file", () -> fromFile(path))));
    }

    private static Optional<AesKey> checked(ConfTable crypto, String name, Supplier<AesKey> key) {
        try {
            return Optional.of(key.get());
        } catch (IllegalArgumentException e) {
            crypto.warn(
                    name,
                    e.getMessage() + "; accepted: " + ACCEPTED + "; ENC[aes://…] cannot be read");
            return Optional.empty();
        }
    }

    private static AesKey fromFile(String path) {
        try {
            return of(Files.readString(Path.of(path)).strip());
        } catch (IOException | InvalidPathException e) {
            throw new IllegalArgumentException(
                    "cannot be read: "
                            + (e instanceof IOException failed
                                    ? FileFailure.reason(failed)
                                    : "that is no path"),
                    e);
        }
    }

    private static AesKey of(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (!LENGTHS.contains(bytes.length)) {
            throw new IllegalArgumentException(bytes.length + " bytes");
        }
        return new AesKey(bytes);
    }

    /// @throws IllegalArgumentException when it was not made with this key
    String decrypt(String text) {
        byte[] bytes = base64(text);
        if (bytes.length < 2 * BLOCK) {
            throw new IllegalArgumentException("it is too short");
        }
        try {
            Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    new SecretKeySpec(key, "AES"),
                    new IvParameterSpec(Arrays.copyOf(bytes, BLOCK)));
            return new String(
                    cipher.doFinal(bytes, BLOCK, bytes.length - BLOCK), StandardCharsets.UTF_8);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("it was not encrypted with this key", e);
        }
    }

    private static byte[] base64(String text) {
        try {
            return Base64.getDecoder().decode(text.strip());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("it is no base64", e);
        }
    }
}
