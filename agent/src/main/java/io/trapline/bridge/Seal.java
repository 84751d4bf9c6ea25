package io.trapline.bridge;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;

/// What proves who wrote a frame on the pipes of a host process: a number that grows from frame to
/// frame (i64), and 16 bytes that only who knows the writer's secret can make of number and frame.
///
/// All inputs of a shared host can open its pipes through `/proc/self/fd`, for writing and for
/// reading. So each input and the agent have a secret of their own; all are made of one, which the
/// agent writes to the host before any script runs there, and none is ever on a pipe after that. A
/// frame that was read there proves nothing a second time.
///
/// The proof is the first half of SHA-256 over secret, number, the frame's length and the frame;
/// what was left out of the hash makes it useless to go on hashing from it. Not thread-safe: who
/// writes or reads the pipe uses it.
final class Seal {
    static final int SECRET_BYTES = 32;
    static final int BYTES = 8 + 16;

    private static final int AGENT = -1;

    private final byte[] secret;
    private final MessageDigest digest;
    private long last;

    /// @param writer the seat, or [#AGENT]
    private Seal(byte[] hostSecret, int writer) {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
        digest.update(hostSecret);
        digest.update(ByteBuffer.allocate(4).putInt(writer).array());
        secret = digest.digest();
    }

    static Seal ofSeat(byte[] hostSecret, int seat) {
        if (seat < 0) {
            throw new IllegalArgumentException("no seat: " + seat);
        }
        return new Seal(hostSecret, seat);
    }

    static Seal ofAgent(byte[] hostSecret) {
        return new Seal(hostSecret, AGENT);
    }

    static byte[] newHostSecret() {
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        return secret;
    }

    /// For the next frame.
    byte[] next(Frame frame) {
        last++;
        return seal(frame, last);
    }

    /// Whether the frame is the input's own and comes after those before. When it does not, nothing
    /// has changed; some in between may be missing.
    boolean isNext(Frame frame, byte[] seal) {
        long number = ByteBuffer.wrap(seal).getLong();
        if (number <= last || !MessageDigest.isEqual(seal(frame, number), seal)) {
            return false;
        }
        last = number;
        return true;
    }

    private byte[] seal(Frame frame, long of) {
        byte[] payload = frame.payload();
        digest.reset();
        digest.update(secret);
        digest.update(
                ByteBuffer.allocate(8 + 4 + 1 + 4 + 8)
                        .putLong(of)
                        .putInt(payload.length)
                        .put((byte) frame.kind().code())
                        .putInt(frame.worker())
                        .putLong(frame.number())
                        .array());
        digest.update(payload);
        byte[] seal = new byte[BYTES];
        ByteBuffer.wrap(seal).putLong(of).put(digest.digest(), 0, BYTES - 8);
        return seal;
    }
}
