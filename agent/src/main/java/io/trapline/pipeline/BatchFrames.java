package io.trapline.pipeline;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/// The body of `POST /v1/batches`: journal frames on their way from one Trapline to another.
///
/// ```
/// body  = "TRAPLB1\n"  frame*
/// frame = position:i64  length:i32  checksum:i32  bytes      big-endian
/// ```
///
/// `position` is the sender's and grows within a body; `checksum` is CRC32C of position and bytes.
public final class BatchFrames {
    public static final String CONTENT_TYPE = "application/vnd.trapline.batches";

    /// Names the sequence that the positions belong to; empty = keep each frame, remember nothing.
    public static final String SENDER_HEADER = "X-Trapline-Sender";

    /// A frame's, and a body's after decompression.
    public static final int MAX_BYTES = 64 << 20;

    private static final byte[] HEAD = "TRAPLB1\n".getBytes(StandardCharsets.US_ASCII);
    private static final int FRAME_HEAD = Long.BYTES + 2 * Integer.BYTES;

    private final DataInputStream in;
    private long left = MAX_BYTES;

    /// @throws FormatException when the body does not begin as it must
    public BatchFrames(InputStream body) throws IOException, FormatException {
        in = new DataInputStream(body);
        if (!Arrays.equals(in.readNBytes(HEAD.length), HEAD)) {
            throw new FormatException("the body does not begin with TRAPLB1");
        }
    }

    public static byte[] head() {
        return HEAD.clone();
    }

    public static byte[] frame(long position, byte[] bytes) {
        return ByteBuffer.allocate(FRAME_HEAD + bytes.length)
                .putLong(position)
                .putInt(bytes.length)
                .putInt(checksum(position, bytes))
                .put(bytes)
                .array();
    }

    /// CRC32C of the bytes that [#frame] was given.
    public static long sum(byte[] frame) {
        CRC32C sum = new CRC32C();
        sum.update(frame, FRAME_HEAD, frame.length - FRAME_HEAD);
        return sum.getValue();
    }

    /// What [#frame] gave, with another position.
    public static byte[] at(long position, byte[] frame) {
        return frame(position, Arrays.copyOfRange(frame, FRAME_HEAD, frame.length));
    }

    /// The next frame, empty at the end.
    ///
    /// @throws FormatException when what is there is no frame
    /// @throws EOFException when the body ends within one
    public Optional<Received> next() throws IOException, FormatException {
        int first = in.read();
        if (first < 0) {
            return Optional.empty();
        }
        byte[] head = new byte[FRAME_HEAD];
        head[0] = (byte) first;
        in.readFully(head, 1, FRAME_HEAD - 1);
        ByteBuffer fields = ByteBuffer.wrap(head);
        long position = fields.getLong();
        int length = fields.getInt();
        if (position < 1 || length < 0 || length > left) {
            throw new FormatException(
                    "a frame of "
                            + length
                            + " bytes; a body may have "
                            + MAX_BYTES
                            + ", this one "
                            + left
                            + " more");
        }
        left -= length;
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the body ends within a frame");
        }
        if (checksum(position, bytes) != fields.getInt()) {
            throw new FormatException("a frame's checksum does not match");
        }
        return Optional.of(new Received(position, bytes));
    }

    private static int checksum(long position, byte[] bytes) {
        CRC32C sum = new CRC32C();
        sum.update(ByteBuffer.allocate(Long.BYTES).putLong(0, position));
        sum.update(bytes);
        return (int) sum.getValue();
    }

    /// Not copied; nobody writes to `bytes`.
    @SuppressWarnings("ArrayRecordComponent")
    public record Received(long position, byte[] bytes) {}

    /// What arrived is not what this class writes.
    public static final class FormatException extends Exception {
        private static final long serialVersionUID = 1L;

        FormatException(String message) {
            super(message);
        }
    }
}
