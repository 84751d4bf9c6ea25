package io.trapline.ingest.datakit;

import static io.trapline.ingest.datakit.RefusedException.badRequest;

import io.airlift.compress.v3.zstd.ZstdInputStream;
import io.trapline.ingest.datakit.InFlight.Reservation;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.brotli.dec.BrotliInputStream;

/// `Content-Encoding` of a body: `gzip` (several members), `deflate` (zlib or raw), `br`, `zstd`,
/// `identity`, in any letter case.
///
/// The limit counts what comes out, while it comes out: a bomb costs no more than the limit.
final class ContentDecoding {
    private static final String CODE = "datakit.decodeBodyFailed";
    private static final int CHUNK = 64 << 10;

    private ContentDecoding() {}

    /// @param limit of the decoded bytes; more is 413 `datakit.bodyTooLarge`
    /// @param reservation hears of the memory that is taken
    static byte[] decode(byte[] body, String encoding, long limit, Reservation reservation)
            throws RefusedException {
        String name = encoding.strip().toLowerCase(Locale.ROOT);
        if (name.isEmpty() || name.equals("identity")) {
            return body;
        }
        Output out = new Output(limit, reservation);
        try {
            switch (name) {
                case "gzip", "x-gzip" -> gunzip(body, out);
                case "deflate" -> inflate(body, out);
                case "br" -> copy(new BrotliInputStream(new ByteArrayInputStream(body)), out);
                case "zstd" -> copy(new ZstdInputStream(new ByteArrayInputStream(body)), out);
                default ->
                        throw badRequest(
                                CODE,
                                "content encoding \""
                                        + encoding
                                        + "\" is not known, use gzip, deflate, br, zstd or"
                                        + " identity");
            }
        } catch (DataFormatException | IOException | RuntimeException e) {
            throw badRequest(CODE, "the body is not whole " + name + ": " + e.getMessage());
        }
        return out.toByteArray();
    }

    static RefusedException tooLarge(String what, long limit) {
        return new RefusedException(
                413,
                "datakit.bodyTooLarge",
                what + " is larger than the limit of " + limit + " bytes; send less at a time");
    }

    /// Collects up to the limit, in pieces: an array that doubles would take three times as much.
    private static final class Output {
        private final long limit;
        private final Reservation reservation;
        private final List<byte[]> pieces = new ArrayList<>();
        private int length;

        Output(long limit, Reservation reservation) {
            this.limit = Math.min(limit, Integer.MAX_VALUE - 8);
            this.reservation = reservation;
        }

        void add(byte[] bytes, int count) throws RefusedException {
            if (length + (long) count > limit) {
                throw tooLarge("the decoded body", limit);
            }
            reservation.add(count);
            pieces.add(Arrays.copyOf(bytes, count));
            length += count;
        }

        /// Once only.
        byte[] toByteArray() throws RefusedException {
            reservation.add(length);
            byte[] all = new byte[length];
            int at = 0;
            for (byte[] piece : pieces) {
                System.arraycopy(piece, 0, all, at, piece.length);
                at += piece.length;
            }
            pieces.clear();
            reservation.release(length);
            return all;
        }
    }

    private static void copy(InputStream in, Output out) throws IOException, RefusedException {
        byte[] chunk = new byte[CHUNK];
        try (in) {
            for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                out.add(chunk, read);
            }
        }
    }

    private static void inflate(byte[] body, Output out)
            throws DataFormatException, RefusedException {
        boolean zlib =
                body.length >= 2
                        && (body[0] & 0x0F) == 8
                        && ((body[0] & 0xFF) << 8 | (body[1] & 0xFF)) % 31 == 0;
        Inflater inflater = new Inflater(!zlib);
        try {
            int end = inflate(inflater, body, 0, out, new CRC32());
            if (end != body.length) {
                throw new DataFormatException((body.length - end) + " bytes follow its end");
            }
        } finally {
            inflater.end();
        }
    }

    /// Inflates from `from` and returns where the compressed data ended.
    private static int inflate(Inflater inflater, byte[] body, int from, Output out, CRC32 checksum)
            throws DataFormatException, RefusedException {
        byte[] chunk = new byte[CHUNK];
        inflater.setInput(body, from, body.length - from);
        while (!inflater.finished()) {
            int read = inflater.inflate(chunk);
            if (read == 0 && !inflater.finished()) {
                throw new DataFormatException(
                        inflater.needsDictionary() ? "it needs a dictionary" : "it ends early");
            }
            checksum.update(chunk, 0, read);
            out.add(chunk, read);
        }
        return body.length - inflater.getRemaining();
    }

    /// RFC 1952: one member after the other, each with its checksum and length.
    private static void gunzip(byte[] body, Output out)
            throws DataFormatException, RefusedException {
        Inflater inflater = new Inflater(true);
        try {
            int at = 0;
            do {
                CRC32 checksum = new CRC32();
                inflater.reset();
                at = inflate(inflater, body, afterHeader(body, at), out, checksum);
                long written = inflater.getBytesWritten();
                if (little(body, at, 4) != checksum.getValue()
                        || little(body, at + 4, 4) != (written & 0xFFFF_FFFFL)) {
                    throw new DataFormatException("checksum or length do not match");
                }
                at += 8;
            } while (at < body.length);
        } finally {
            inflater.end();
        }
    }

    private static int afterHeader(byte[] body, int from) throws DataFormatException {
        if (little(body, from, 2) != 0x8B1F || little(body, from + 2, 1) != 8) {
            throw new DataFormatException("no gzip header at byte " + from);
        }
        long flags = little(body, from + 3, 1);
        int at = from + 10;
        if ((flags & 4) != 0) {
            at += 2 + (int) little(body, at, 2);
        }
        if ((flags & 8) != 0) {
            at = afterZero(body, at);
        }
        if ((flags & 16) != 0) {
            at = afterZero(body, at);
        }
        if ((flags & 2) != 0) {
            at += 2;
        }
        if (at > body.length) {
            throw new DataFormatException("it ends early");
        }
        return at;
    }

    private static int afterZero(byte[] body, int from) throws DataFormatException {
        int at = from;
        while (little(body, at, 1) != 0) {
            at++;
        }
        return at + 1;
    }

    private static long little(byte[] body, int from, int length) throws DataFormatException {
        if (from + length > body.length) {
            throw new DataFormatException("it ends early");
        }
        long value = 0;
        for (int i = length - 1; i >= 0; i--) {
            value = value << 8 | (body[from + i] & 0xFF);
        }
        return value;
    }
}
