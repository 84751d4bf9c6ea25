package io.trapline.store.host;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// One message between the agent and its store host: a length (4 bytes, big endian, of what
/// follows), a kind (1 byte), a body.
///
/// | kind | from | body |
/// | --- | --- | --- |
/// | SETTINGS | agent | retention in ms (8), memory in bytes (8); the first one opens the store |
/// | QUERY | agent | number (8), limit in ms (8), SQL as UTF-8 |
/// | CANCEL | agent | number of the query (8) |
/// | HURRY | agent | nothing: somebody waits for a position |
/// | RETAIN | agent | number (8) |
/// | CLOSE | agent | nothing: the host ends its batch, closes the database and exits |
/// | COMMITTED | agent | answer to READER: the reader's committed position (8) |
/// | FRAMES | agent | answer to READ: count (4), then each frame's position (8), length (4), bytes |
/// | EXTENT | agent | answer to ASK_EXTENT: head (8), tail (8) |
/// | NO_JOURNAL | agent | answer to any of the three: the reason as UTF-8 |
/// | READER | host | nothing: the store's reader of the journal is wanted |
/// | READ | host | most bytes (8), wait in ms (8) |
/// | ASK_EXTENT | host | nothing |
/// | SEEK | host | position (8) |
/// | COMMIT | host | position (8) |
/// | STATE | host | [StoreStatus][io.trapline.store.StoreStatus] without lag, see [StateCodec] |
/// | RESULT | host | number of the query (8), the result, see [ResultCodec] |
/// | FAILED | host | number (8) of a query or a retention, kind of the reason (8), its text |
/// | RETAINED | host | number (8), rows (8) |
/// | LOG | host | level (1: 0 debug, 1 info, 2 warn, 3 error), logger's name (2 + UTF-8), text |
@SuppressWarnings({
    "ArrayRecordComponent",
    "EnumOrdinal"
}) // passed on once, never compared; both ends are one program
record Message(Kind kind, byte[] body) {
    /// A result has at most 32 MiB of texts, and a batch of frames hardly more than its largest
    /// frame; what is longer is a stream that lost its way.
    private static final int MAX_LENGTH = 256 << 20;

    /// A body is read as its bytes arrive, so that a length alone takes no memory.
    private static final int STEP = 1 << 16;

    enum Kind {
        SETTINGS,
        QUERY,
        CANCEL,
        HURRY,
        PING,
        RETAIN,
        CLOSE,
        COMMITTED,
        FRAMES,
        EXTENT,
        NO_JOURNAL,
        READER,
        READ,
        ASK_EXTENT,
        SEEK,
        COMMIT,
        STATE,
        RESULT,
        FAILED,
        RETAINED,
        LOG;

        private static final Kind[] ALL = values();
    }

    static Message of(Kind kind, long... numbers) {
        ByteBuffer body = ByteBuffer.allocate(numbers.length * Long.BYTES);
        for (long number : numbers) {
            body.putLong(number);
        }
        return new Message(kind, body.array());
    }

    static Message of(Kind kind, String text, long... numbers) {
        return of(kind, text.getBytes(StandardCharsets.UTF_8), numbers);
    }

    static Message of(Kind kind, byte[] rest, long... numbers) {
        ByteBuffer body = ByteBuffer.allocate(numbers.length * Long.BYTES + rest.length);
        for (long number : numbers) {
            body.putLong(number);
        }
        return new Message(kind, body.put(rest).array());
    }

    /// What writes a body of several fields.
    interface Body {
        void write(DataOutputStream out) throws IOException;
    }

    static Message of(Kind kind, Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            body.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return new Message(kind, bytes.toByteArray());
    }

    /// The number at a place, counted in numbers.
    long number(int at) {
        return ByteBuffer.wrap(body).getLong(at * Long.BYTES);
    }

    /// The text after some numbers.
    String text(int numbers) {
        int from = numbers * Long.BYTES;
        return new String(body, from, body.length - from, StandardCharsets.UTF_8);
    }

    /// The next message, or nothing at the end of the stream.
    static Optional<Message> read(DataInputStream in) throws IOException {
        int length;
        try {
            length = in.readInt();
        } catch (EOFException _) {
            return Optional.empty();
        }
        if (length < 1 || length > MAX_LENGTH) {
            throw new IOException("a message of length " + length + ", which none can have");
        }
        int code = in.readUnsignedByte();
        if (code >= Kind.ALL.length) {
            throw new IOException("a message of unknown kind " + code);
        }
        byte[] body = length - 1 <= STEP ? new byte[length - 1] : in.readNBytes(length - 1);
        if (length - 1 <= STEP) {
            in.readFully(body);
        } else if (body.length < length - 1) {
            throw new EOFException("a message was cut off");
        }
        return Optional.of(new Message(Kind.ALL[code], body));
    }

    /// The caller sees to it that messages do not mix.
    void write(OutputStream out) throws IOException {
        out.write(
                ByteBuffer.allocate(Integer.BYTES + 1)
                        .putInt(1 + body.length)
                        .put((byte) kind.ordinal())
                        .array());
        out.write(body);
        out.flush();
    }
}
