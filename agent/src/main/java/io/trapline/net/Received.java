package io.trapline.net;

import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What a connection received, to be taken in pieces of any size. Blocks for more.
final class Received {
    private final Supplier<byte @Nullable []> more;
    private byte[] bytes = {};
    private int at;

    /// @param more the next bytes, at least one; null at the end
    Received(Supplier<byte @Nullable []> more) {
        this.more = more;
    }

    /// The next byte, or −1 at the end.
    int next() {
        return fill() ? bytes[at++] & 0xFF : -1;
    }

    /// At least one byte; null at the end.
    byte @Nullable [] upTo(long most) {
        if (!fill()) {
            return null;
        }
        int length = (int) Math.min(most, bytes.length - at);
        byte[] piece = length == bytes.length ? bytes : Arrays.copyOfRange(bytes, at, at + length);
        at += length;
        return piece;
    }

    /// Gives the last bytes of a piece back.
    void putBack(int count) {
        at -= count;
    }

    /// How much is here already.
    int waiting() {
        return bytes.length - at;
    }

    private boolean fill() {
        if (at < bytes.length) {
            return true;
        }
        byte[] next = more.get();
        if (next == null) {
            return false;
        }
        bytes = next;
        at = 0;
        return true;
    }
}
