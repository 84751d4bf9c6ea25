package io.trapline.store.host;

import io.trapline.store.StoreStatus;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;

/// A [StoreStatus] as bytes: state (1), position, samples, records, runs, streams, bytes, bad
/// frames (8 each), oldest (8: microseconds since 1970, the least number when there is none), error
/// as UTF-8. The lag is the agent's to know.
@SuppressWarnings("EnumOrdinal") // both ends are one program
final class StateCodec {
    private static final StoreStatus.State[] STATES = StoreStatus.State.values();

    private StateCodec() {}

    static Message encode(StoreStatus status) {
        return Message.of(
                Message.Kind.STATE,
                out -> {
                    out.writeByte(status.state().ordinal());
                    out.writeLong(status.position());
                    out.writeLong(status.samples());
                    out.writeLong(status.records());
                    out.writeLong(status.runs());
                    out.writeLong(status.streams());
                    out.writeLong(status.bytes());
                    out.writeLong(status.badFrames());
                    out.writeLong(status.oldest().map(StateCodec::micros).orElse(Long.MIN_VALUE));
                    out.write(status.error().getBytes(StandardCharsets.UTF_8));
                });
    }

    static StoreStatus decode(Message message) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(message.body()))) {
            int code = in.readUnsignedByte();
            if (code >= STATES.length) {
                throw new IOException("an unknown state " + code);
            }
            StoreStatus.State state = STATES[code];
            long position = in.readLong();
            long samples = in.readLong();
            long records = in.readLong();
            long runs = in.readLong();
            long streams = in.readLong();
            long bytes = in.readLong();
            long badFrames = in.readLong();
            long oldest = in.readLong();
            return new StoreStatus(
                    state,
                    position,
                    0,
                    samples,
                    records,
                    runs,
                    streams,
                    bytes,
                    badFrames,
                    oldest == Long.MIN_VALUE ? Optional.empty() : Optional.of(instant(oldest)),
                    new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static long micros(Instant time) {
        return time.getEpochSecond() * 1_000_000 + time.getNano() / 1000;
    }

    private static Instant instant(long micros) {
        return Instant.ofEpochSecond(
                Math.floorDiv(micros, 1_000_000), Math.floorMod(micros, 1_000_000) * 1000L);
    }
}
