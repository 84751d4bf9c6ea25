package io.trapline.bridge;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One message between the agent and a worker process; the package's documentation has the table.
@SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
record Frame(Kind kind, int worker, long number, byte[] payload) {
    private static final int HEADER_AFTER_LENGTH = 1 + 4 + 8;

    /// A report has at most 48 MiB, with what stands around its points.
    static final int MAX_LENGTH = 64 << 20;

    /// So much is there before a byte has come; beyond it, room is made as bytes arrive.
    private static final int FIRST_STEP = 64 << 10;

    /// A line of output has at most 1 Mi characters, of four bytes at most.
    private static final int MAX_LINE = 5 << 20;

    private static final int MAX_SMALL = 1 << 20;

    enum Kind {
        OPEN(1),
        START(2),
        INTERRUPT(3),
        REPLY(4),
        CLOSE(5),
        LOADED(16),
        REPORT(17),
        OUTPUT(18),
        FINISHED(19),
        DYING(20),
        CLOSED(21),
        STARTED(22),
        LOADING(23);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        static Kind of(int code) throws IOException {
            for (Kind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            throw new BadFrameException("a frame of unknown kind " + code);
        }

        int code() {
            return code;
        }

        /// The most bytes that a frame of this kind can have after its head.
        private int longest() {
            return switch (this) {
                case OPEN,
                        START,
                        INTERRUPT,
                        REPLY,
                        CLOSE,
                        LOADED,
                        REPORT,
                        FINISHED,
                        CLOSED,
                        DYING ->
                        MAX_LENGTH;
                case OUTPUT -> MAX_LINE;
                case STARTED, LOADING -> MAX_SMALL;
            };
        }
    }

    /// The same with more before its payload.
    Frame behind(byte[] before) {
        byte[] all = Arrays.copyOf(before, before.length + payload.length);
        System.arraycopy(payload, 0, all, before.length, payload.length);
        return new Frame(kind, worker, number, all);
    }

    static Frame of(Kind kind, int worker, long number) {
        return new Frame(kind, worker, number, new byte[0]);
    }

    static Frame of(Kind kind, int worker, long number, String text) {
        return new Frame(kind, worker, number, text.getBytes(StandardCharsets.UTF_8));
    }

    /// REPORT's and OUTPUT's shape: what tells where it came from, then the content.
    static Frame from(Origin origin, Kind kind, int worker, long number, byte[] content) {
        byte[] collector = origin.collector().getBytes(StandardCharsets.UTF_8);
        if (collector.length > 0xFFFF) {
            throw new IllegalArgumentException("a collector's id has at most 65535 bytes");
        }
        ByteBuffer payload = ByteBuffer.allocate(8 + 2 + collector.length + content.length);
        if (kind == Kind.REPORT) {
            payload.putLong(origin.number());
        } else {
            payload.put((byte) origin.number());
        }
        payload.putShort((short) collector.length).put(collector).put(content).flip();
        byte[] bytes = new byte[payload.remaining()];
        payload.get(bytes);
        return new Frame(kind, worker, number, bytes);
    }

    /// @param number REPORT: the run; OUTPUT: the stream
    record Origin(long number, String collector, int contentAt) {
        static Origin of(WorkerListener.Stream stream, String collector) {
            long code =
                    switch (stream) {
                        case STDOUT -> 0;
                        case STDERR -> 1;
                        case LOG -> 2;
                    };
            return new Origin(code, collector, 0);
        }

        WorkerListener.Stream stream() {
            return number == 0
                    ? WorkerListener.Stream.STDOUT
                    : number == 1 ? WorkerListener.Stream.STDERR : WorkerListener.Stream.LOG;
        }
    }

    Origin origin() throws BadFrameException {
        ByteBuffer in = ByteBuffer.wrap(payload);
        int head = (kind == Kind.REPORT ? 8 : 1) + 2;
        if (payload.length < head) {
            throw new BadFrameException("a frame of kind " + kind + " that ends in its head");
        }
        long number = kind == Kind.REPORT ? in.getLong() : in.get();
        if (kind == Kind.OUTPUT && (number < 0 || number > 2)) {
            throw new BadFrameException("a line of unknown stream " + number);
        }
        int length = Short.toUnsignedInt(in.getShort());
        if (length > in.remaining()) {
            throw new BadFrameException(
                    "a frame of kind " + kind + " whose collector's name is longer than the frame");
        }
        return new Origin(number, decoded(head, length), head + length);
    }

    /// The text from there on, which must be UTF-8.
    String checkedText(int from) throws BadFrameException {
        return decoded(from, payload.length - from);
    }

    private String decoded(int from, int length) throws BadFrameException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(payload, from, length))
                    .toString();
        } catch (CharacterCodingException _) {
            throw new BadFrameException(
                    "a frame of kind " + kind + " with bytes that are no UTF-8");
        }
    }

    String text() {
        return text(0);
    }

    String text(int from) {
        return new String(payload, from, payload.length - from, StandardCharsets.UTF_8);
    }

    /// A frame as it came.
    ///
    /// @param proof the seal that came with it; empty where there is none
    /// @param hold to be closed when the frame has been heard
    @SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
    record Received(Frame frame, byte[] proof, FrameBudget.Hold hold) {}

    /// The next frame, or nothing at the end of the stream, from the one who is trusted: the agent.
    static Optional<Frame> read(DataInputStream in) throws IOException {
        try {
            return read(in, null, 0).map(Received::frame);
        } catch (InterruptedException e) {
            throw new IllegalStateException("there is nothing to wait for", e);
        }
    }

    /// The next frame, or nothing at the end of the stream, from a worker.
    ///
    /// @param share waited on for all that is longer than a step
    /// @param proofBytes of the seal that stands before the payload
    /// @throws BadFrameException when these are no bytes of a frame
    static Optional<Received> read(
            DataInputStream in, FrameBudget.@Nullable Share share, int proofBytes)
            throws IOException, InterruptedException {
        int length;
        try {
            length = in.readInt();
        } catch (EOFException _) {
            return Optional.empty();
        }
        int head = HEADER_AFTER_LENGTH + proofBytes;
        if (length < head || length > MAX_LENGTH) {
            throw new BadFrameException(
                    "a frame of length " + Integer.toUnsignedString(length) + ", which none has");
        }
        Kind kind = Kind.of(in.readUnsignedByte());
        if (share != null && length - head > kind.longest()) {
            throw new BadFrameException(
                    "a frame of kind " + kind + " and of length " + length + ", which none has");
        }
        int worker = in.readInt();
        long number = in.readLong();
        byte[] proof = in.readNBytes(proofBytes);
        if (proof.length < proofBytes) {
            throw new EOFException();
        }
        FrameBudget.Hold hold = FrameBudget.Hold.NONE;
        try {
            byte[] payload = new byte[Math.min(length - head, FIRST_STEP)];
            in.readFully(payload);
            if (share != null) {
                hold = share.take(length - head);
            }
            payload = rest(in, payload, length - head);
            hold.arrived();
            return Optional.of(new Received(new Frame(kind, worker, number, payload), proof, hold));
        } catch (IOException | RuntimeException | Error e) {
            hold.arrived();
            hold.close();
            throw e;
        }
    }

    private static byte[] rest(DataInputStream in, byte[] first, int length) throws IOException {
        byte[] bytes = first;
        while (bytes.length < length) {
            int had = bytes.length;
            bytes = Arrays.copyOf(bytes, (int) Math.min(length, 2L * had));
            in.readFully(bytes, had, bytes.length - had);
        }
        return bytes;
    }

    /// The caller sees to it that frames do not mix.
    void write(OutputStream out) throws IOException {
        write(out, new byte[0]);
    }

    /// The same with a seal.
    void write(OutputStream out, byte[] proof) throws IOException {
        byte[] bytes = new byte[4 + HEADER_AFTER_LENGTH + proof.length + payload.length];
        ByteBuffer.wrap(bytes)
                .putInt(HEADER_AFTER_LENGTH + proof.length + payload.length)
                .put((byte) kind.code)
                .putInt(worker)
                .putLong(number)
                .put(proof)
                .put(payload);
        out.write(bytes);
        out.flush();
    }
}
