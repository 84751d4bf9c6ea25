package io.trapline.journal;

import java.util.zip.CRC32C;

/// The checksum of a frame: CRC32C over its position (8 bytes, little-endian) and its bytes, so
/// that a frame in another's place is found out as well. One owner thread.
final class FrameSum {
    private final CRC32C crc = new CRC32C();

    long of(long position, byte[] frame) {
        crc.reset();
        for (int shift = 0; shift < 64; shift += 8) {
            crc.update((int) (position >>> shift) & 0xFF);
        }
        crc.update(frame, 0, frame.length);
        return crc.getValue();
    }
}
