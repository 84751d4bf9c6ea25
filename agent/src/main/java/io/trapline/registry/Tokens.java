package io.trapline.registry;

import java.security.SecureRandom;
import java.util.HexFormat;

/// Makes secrets.
final class Tokens {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String SIGNS =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    private static final int ACCESS_TOKEN_BYTES = 16;

    /// 24 of 63 signs: more than 128 bits.
    private static final int SECRET_SIGNS = 24;

    private Tokens() {}

    /// 32 hexadecimal digits, as upstream's.
    static String accessToken() {
        byte[] random = new byte[ACCESS_TOKEN_BYTES];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    /// Letters, numbers and underscores: all that a check's secret may hold.
    static String secret() {
        StringBuilder secret = new StringBuilder(SECRET_SIGNS);
        for (int i = 0; i < SECRET_SIGNS; i++) {
            secret.append(SIGNS.charAt(RANDOM.nextInt(SIGNS.length())));
        }
        return secret.toString();
    }
}
