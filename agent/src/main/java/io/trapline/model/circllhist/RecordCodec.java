package io.trapline.model.circllhist;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/// A histogram as bytes, and back.
///
/// ```
/// record = bins:u16 big-endian  bin*
/// bin    = val:i8  exp:i8  w:u8 (0…7)  count: w+1 bytes, unsigned, little-endian
/// ```
///
/// Written: bins in order, each once, no empty ones, the smallest width that holds the count. Read:
/// any width, any order, bins that appear twice are added up, empty and impossible bins are left
/// out.
final class RecordCodec {
    private static final int MAX_BIN_BYTES = 3 + 8;

    private RecordCodec() {}

    static byte[] encode(short[] keys, long[] counts, int size) {
        byte[] record = new byte[2 + size * MAX_BIN_BYTES];
        record[0] = (byte) (size >>> 8);
        record[1] = (byte) size;
        int at = 2;
        for (int i = 0; i < size; i++) {
            record[at++] = (byte) Bin.val(keys[i]);
            record[at++] = (byte) Bin.exp(keys[i]);
            long rest = counts[i];
            int width = Math.max(0, (63 - Long.numberOfLeadingZeros(rest)) / 8);
            record[at++] = (byte) width;
            for (int b = 0; b <= width; b++) {
                record[at++] = (byte) rest;
                rest >>>= 8;
            }
        }
        return Arrays.copyOf(record, at);
    }

    static Circllhist decode(byte[] record) throws MalformedRecordException {
        if (record.length < 2) {
            throw new MalformedRecordException(
                    "a histogram record has at least 2 bytes, this one has " + record.length);
        }
        int bins = ((record[0] & 0xFF) << 8) | (record[1] & 0xFF);
        Circllhist histogram = new Circllhist();
        int at = 2;
        for (int i = 0; i < bins; i++) {
            if (record.length - at < 3) {
                throw cut(record, bins, i);
            }
            int val = record[at];
            int exp = record[at + 1];
            int width = record[at + 2] & 0xFF;
            at += 3;
            if (width > 7) {
                throw new MalformedRecordException(
                        "bin "
                                + i
                                + " of the histogram record has count width "
                                + width
                                + ", at most 7 is possible");
            }
            if (record.length - at <= width) {
                throw cut(record, bins, i);
            }
            long count = 0;
            for (int b = width; b >= 0; b--) {
                count = (count << 8) | (record[at + b] & 0xFF);
            }
            at += width + 1;
            if (Bin.isLegal(val, exp)) {
                histogram.add(Bin.key(val, exp), count);
            }
        }
        if (at != record.length) {
            throw new MalformedRecordException(
                    (record.length - at) + " bytes follow the last bin of the histogram record");
        }
        return histogram;
    }

    static String toBase64(byte[] record) {
        return Base64.getEncoder().encodeToString(record);
    }

    static byte[] fromBase64(String text) throws MalformedRecordException {
        byte[] dense = new byte[text.length()];
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > 0x7F) {
                throw new MalformedRecordException(
                        "the histogram record has a character outside base64 at " + i);
            }
            if (c != ' ' && (c < '\t' || c > '\r')) {
                dense[length++] = (byte) c;
            }
        }
        if (length % 4 != 0) {
            throw new MalformedRecordException(
                    "the base64 text of a histogram record has "
                            + length
                            + " characters, which is no multiple of 4");
        }
        try {
            return Base64.getDecoder()
                    .decode(new String(dense, 0, length, StandardCharsets.US_ASCII));
        } catch (IllegalArgumentException e) {
            throw new MalformedRecordException(
                    "the histogram record is not base64: " + e.getMessage());
        }
    }

    private static MalformedRecordException cut(byte[] record, int bins, int bin) {
        return new MalformedRecordException(
                "the histogram record of "
                        + record.length
                        + " bytes ends in bin "
                        + bin
                        + " of "
                        + bins);
    }
}
