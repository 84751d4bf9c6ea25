package io.trapline.model;

import java.util.Arrays;
import java.util.Base64;

/// Immutable bytes with value equality.
public final class Blob {
    private final byte[] bytes;

    private Blob(byte[] bytes) {
        this.bytes = bytes;
    }

    /// Copies `bytes`.
    public static Blob of(byte[] bytes) {
        return new Blob(bytes.clone());
    }

    public byte[] toBytes() {
        return bytes.clone();
    }

    public int size() {
        return bytes.length;
    }

    public String toBase64() {
        return Base64.getEncoder().encodeToString(bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Blob blob && Arrays.equals(bytes, blob.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "bytes(" + toBase64() + ")";
    }
}
