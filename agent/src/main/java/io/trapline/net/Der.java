package io.trapline.net;

import java.io.ByteArrayOutputStream;
import java.security.spec.InvalidKeySpecException;

/// As much of ASN.1's DER as it takes to put a bare RSA or EC key into the PKCS#8 form, the only
/// one that the JDK reads.
///
/// ```
/// PKCS#8 = SEQUENCE { INTEGER 0, SEQUENCE { OID algorithm, parameters }, OCTET STRING key }
/// PKCS#1 = SEQUENCE { INTEGER 0, modulus … }              parameters: NULL
/// SEC 1  = SEQUENCE { INTEGER 1, OCTET STRING, [0] curve, [1] public key }
/// ```
final class Der {
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final int CURVE = 0xA0;
    private static final byte[] VERSION_0 = {2, 1, 0};

    /// OID 1.2.840.113549.1.1.1 and NULL.
    private static final byte[] RSA = {
        6, 9, 0x2A, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xF7, 0x0D, 1, 1, 1, 5, 0
    };

    /// OID 1.2.840.10045.2.1.
    private static final byte[] EC = {6, 7, 0x2A, (byte) 0x86, 0x48, (byte) 0xCE, 0x3D, 2, 1};

    private Der() {}

    static byte[] ofPkcs1(byte[] key) {
        return pkcs8(RSA, key);
    }

    static byte[] ofSec1(byte[] key) throws InvalidKeySpecException {
        return pkcs8(join(EC, curve(key)), key);
    }

    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return wrap(SEQUENCE, join(VERSION_0, wrap(SEQUENCE, algorithm), wrap(OCTET_STRING, key)));
    }

    /// What is in the `[0]` of a SEC 1 key.
    private static byte[] curve(byte[] key) throws InvalidKeySpecException {
        try {
            int at = content(key, 0);
            while (at < key.length) {
                int start = content(key, at);
                int length = length(key, at);
                if ((key[at] & 0xFF) == CURVE) {
                    byte[] curve = new byte[length];
                    System.arraycopy(key, start, curve, 0, length);
                    return curve;
                }
                at = start + length;
            }
        } catch (IndexOutOfBoundsException | NegativeArraySizeException e) {
            throw new InvalidKeySpecException("it is cut off", e);
        }
        throw new InvalidKeySpecException("it does not name its curve");
    }

    private static int content(byte[] der, int at) {
        int first = der[at + 1] & 0xFF;
        return at + 2 + (first < 0x80 ? 0 : first & 0x7F);
    }

    private static int length(byte[] der, int at) {
        int first = der[at + 1] & 0xFF;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7F); i++) {
            length = (length << 8) | (der[at + 2 + i] & 0xFF);
        }
        return length;
    }

    private static byte[] wrap(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(content.length + 6);
        out.write(tag);
        int length = content.length;
        if (length < 0x80) {
            out.write(length);
        } else {
            int bytes = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
            out.write(0x80 | bytes);
            for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
                out.write(length >> shift);
            }
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
