package io.trapline.bridge;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// One message between the agent and a worker process; the package's documentation has the table.
@SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
record Frame(Kind kind, int worker, long number, byte[] payload) {
    private static final int HEADER_AFTER_LENGTH = 1 + 4 + 8;

    /// A length beyond this is taken for a stream that lost its way.
    private static final int MAX_LENGTH = 512 << 20;

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
            throw new IOException("the worker's pipe carried a frame of unknown kind " + code);
        }
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

    Origin origin() {
        ByteBuffer in = ByteBuffer.wrap(payload);
        long number = kind == Kind.REPORT ? in.getLong() : in.get();
        byte[] collector = new byte[Short.toUnsignedInt(in.getShort())];
        in.get(collector);
        return new Origin(number, new String(collector, StandardCharsets.UTF_8), in.position());
    }

    String text() {
        return text(0);
    }

    String text(int from) {
        return new String(payload, from, payload.length - from, StandardCharsets.UTF_8);
    }

    /// The next frame, or nothing at the end of the stream.
    static Optional<Frame> read(DataInputStream in) throws IOException {
        int length;
        try {
            length = in.readInt();
        } catch (EOFException _) {
            return Optional.empty();
        }
        if (length < HEADER_AFTER_LENGTH || length > MAX_LENGTH) {
            throw new IOException(
                    "the worker's pipe carried a frame of length "
                            + length
                            + ", which none can have: something else writes to it");
        }
        Kind kind = Kind.of(in.readUnsignedByte());
        int worker = in.readInt();
        long number = in.readLong();
        byte[] payload = new byte[length - HEADER_AFTER_LENGTH];
        in.readFully(payload);
        return Optional.of(new Frame(kind, worker, number, payload));
    }

    /// The caller sees to it that frames do not mix.
    void write(OutputStream out) throws IOException {
        byte[] bytes = new byte[4 + HEADER_AFTER_LENGTH + payload.length];
        ByteBuffer.wrap(bytes)
                .putInt(HEADER_AFTER_LENGTH + payload.length)
                .put((byte) kind.code)
                .putInt(worker)
                .putLong(number)
                .put(payload);
        out.write(bytes);
        out.flush();
    }
}
