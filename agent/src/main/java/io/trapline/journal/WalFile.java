package io.trapline.journal;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// SQLite's write-ahead log as its bytes have it, with what SQLite itself would no longer look at.
///
/// SQLite stops at the first page image whose checksum is wrong and forgets everything after it.
/// The checksum of an image goes on from the one before, as it is *written* there: so each image
/// can be checked by its own neighbours, and those behind a damaged one are found.
///
/// Format (<https://www.sqlite.org/fileformat2.html#walformat>), numbers big endian: a header of 32
/// bytes (magic, version, page size, sequence, two salts, two checksums), then for each image 24
/// bytes (page number, size of the database in pages where a transaction ends, else 0, two salts,
/// two checksums) and the page. Images of an earlier use of the log have other salts.
///
/// @param file where it was read from
/// @param pageSize bytes
/// @param images whole ones of transactions whose end is there, in the order of writing
/// @param end bytes of the file up to the last transaction that SQLite finds
/// @param cut whether transactions lie behind that, beyond something damaged
record WalFile(Path file, int pageSize, List<Image> images, long end, boolean cut) {
    private static final int HEADER = 32;
    static final int IMAGE_HEADER = 24;
    private static final int MAGIC = 0x377f0682;

    /// A page as one transaction left it.
    ///
    /// @param page number, from 1
    /// @param at where its bytes begin
    /// @param transaction which one, counted from 0
    record Image(int page, long at, int transaction) {}

    WalFile {
        images = List.copyOf(images);
    }

    static Path of(Path database) {
        return database.resolveSibling(database.getFileName() + "-wal");
    }

    /// Without images when there is no such file, or nothing in it.
    static WalFile read(Path database) throws IOException {
        Path file = of(database);
        if (!Files.exists(file) || Files.size(file) < HEADER + IMAGE_HEADER + 512) {
            return new WalFile(file, 0, List.of(), 0, false);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return new Scan(file, channel).run();
        }
    }

    /// Fills the buffer from a place of a file.
    static void readFully(FileChannel channel, ByteBuffer into, long at) throws IOException {
        into.clear();
        while (into.hasRemaining()) {
            if (channel.read(into, at + into.position()) < 0) {
                throw new EOFException("the file ends before " + (at + into.limit()));
            }
        }
        into.flip();
    }

    private static final class Scan {
        private final Path file;
        private final FileChannel channel;
        private final ByteBuffer header = ByteBuffer.allocate(HEADER);
        private final List<Image> images = new ArrayList<>();
        private final List<Image> pending = new ArrayList<>();
        private long end;
        private boolean cut;
        private int transaction;
        private int sum1;
        private int sum2;

        Scan(Path file, FileChannel channel) {
            this.file = file;
            this.channel = channel;
        }

        WalFile run() throws IOException {
            readFully(channel, header, 0);
            int magic = header.getInt(0);
            ByteOrder order = magic == (MAGIC | 1) ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
            add(header.array(), 0, 24, order);
            boolean whole = (magic | 1) == (MAGIC | 1) && is(header.getInt(24), header.getInt(28));
            // A damaged header may still have the checksum that the first image goes on from.
            sum1 = header.getInt(24);
            sum2 = header.getInt(28);
            int pageSize = whole ? header.getInt(8) : Database.PAGE_BYTES;
            if (pageSize < 512 || pageSize > 65536) {
                return new WalFile(file, 0, List.of(), 0, false);
            }
            ByteBuffer image = ByteBuffer.allocate(IMAGE_HEADER + pageSize);
            long size = channel.size();
            long salts = header.getLong(16);
            boolean chained = whole;
            for (long at = HEADER; at + image.capacity() <= size; at += image.capacity()) {
                readFully(channel, image, at);
                if (!whole && at == HEADER) {
                    salts = image.getLong(8);
                }
                add(image.array(), 0, 8, order);
                add(image.array(), IMAGE_HEADER, pageSize, order);
                boolean good = image.getLong(8) == salts && is(image.getInt(16), image.getInt(20));
                sum1 = image.getInt(16);
                sum2 = image.getInt(20);
                chained &= good;
                if (good) {
                    found(image, at, chained);
                }
            }
            return new WalFile(file, pageSize, images, end, cut);
        }

        private void found(ByteBuffer image, long at, boolean chained) {
            pending.add(new Image(image.getInt(0), at + IMAGE_HEADER, transaction));
            if (image.getInt(4) != 0) {
                images.addAll(pending);
                pending.clear();
                transaction++;
                if (chained) {
                    end = at + image.capacity();
                } else {
                    cut = true;
                }
            }
        }

        private boolean is(int one, int two) {
            return sum1 == one && sum2 == two;
        }

        private void add(byte[] bytes, int from, int count, ByteOrder order) {
            ByteBuffer in = ByteBuffer.wrap(bytes, from, count).order(order);
            while (in.remaining() >= 8) {
                sum1 += in.getInt() + sum2;
                sum2 += in.getInt() + sum1;
            }
        }
    }
}
