package io.trapline.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The frames in the bytes of a database and its write-ahead log, whatever SQLite thinks of them.
///
/// Looks at each page by itself. What looks like a row of `journal_frame` in the leaf of a table is
/// one when its checksum is right; so it does not matter that the tree above it is gone, that a
/// page is an older one, or that the file ends too early. Format:
/// <https://www.sqlite.org/fileformat2.html#b_tree_pages>.
///
/// A frame that was trimmed may still be in a free page: the caller knows from where on frames
/// count. One owner thread.
final class RawFrames implements AutoCloseable {
    private static final int LEAF = 0x0d;
    private static final int READ_PAGES = 128;

    /// Rows that are remembered at a time; a larger file is looked through again for the next ones.
    private static final int MOST = 250_000;

    private final @Nullable FileChannel file;
    private final @Nullable FileChannel log;
    private final int pageSize;
    private final List<WalFile.Image> images;

    /// For each page its images in the log, in the order of writing.
    private final Map<Integer, List<WalFile.Image>> imagesOf = new HashMap<>();

    private final FrameSum sum = new FrameSum();
    private final ByteBuffer page;

    /// Where a row is.
    ///
    /// @param at of its page, in the log or in the database
    /// @param image which one of the log, null = of the database
    private record Row(long position, long at, int cell, WalFile.@Nullable Image image) {}

    /// Takes a frame; those of a file come in the order of their positions, each once.
    @FunctionalInterface
    interface Sink {
        void take(long position, byte[] frame) throws JournalException;
    }

    RawFrames(Path database, WalFile wal) throws IOException {
        images = wal.images();
        for (WalFile.Image image : images) {
            imagesOf.computeIfAbsent(image.page(), _ -> new ArrayList<>()).add(image);
        }
        file = channel(database);
        boolean opened = false;
        try {
            log = images.isEmpty() ? null : channel(wal.file());
            pageSize = images.isEmpty() ? pageSize(file) : wal.pageSize();
            opened = true;
        } finally {
            if (!opened && file != null) {
                file.close();
            }
        }
        page = ByteBuffer.allocate(pageSize);
    }

    private static @Nullable FileChannel channel(Path path) throws IOException {
        try {
            return Files.exists(path) ? FileChannel.open(path, StandardOpenOption.READ) : null;
        } catch (NoSuchFileException _) {
            return null;
        }
    }

    private static int pageSize(@Nullable FileChannel file) throws IOException {
        if (file == null || file.size() < 100) {
            return Database.PAGE_BYTES;
        }
        ByteBuffer header = ByteBuffer.allocate(100);
        WalFile.readFully(file, header, 0);
        int size = header.getShort(16) & 0xFFFF;
        boolean likely = size >= 512 && Integer.bitCount(size) == 1;
        return likely ? size : Database.PAGE_BYTES;
    }

    /// The first transaction of the log that has a frame behind a position, -1 when none has.
    int firstTransactionBehind(long position) throws IOException {
        for (WalFile.Image image : images) {
            Found found = new Found(position + 1);
            if (log != null && load(log, image.at())) {
                rows(page, image.at(), image, found);
            }
            for (Row row : found.rows) {
                if (frame(row) != null) {
                    return image.transaction();
                }
            }
        }
        return -1;
    }

    /// Hands out the whole frames at `first` and after it.
    void read(long first, Sink sink) throws IOException, JournalException {
        long from = first;
        while (true) {
            Found found = find(from);
            long done = emit(found.rows, sink);
            if (!found.more) {
                return;
            }
            from = done + 1;
        }
    }

    private long emit(List<Row> rows, Sink sink) throws IOException, JournalException {
        long done = -1;
        for (Row row : rows) {
            if (row.position > done) {
                byte[] frame = frame(row);
                if (frame != null) {
                    sink.take(row.position, frame);
                    done = row.position;
                }
            }
        }
        return rows.isEmpty() ? done : rows.getLast().position;
    }

    /// The rows with the lowest positions.
    private static final class Found {
        private final long from;
        private final List<Row> rows = new ArrayList<>();
        private long below = Long.MAX_VALUE;
        private boolean more;

        Found(long from) {
            this.from = from;
        }

        void add(Row row) {
            if (row.position < from || row.position >= below) {
                return;
            }
            rows.add(row);
            if (rows.size() >= 2 * MOST) {
                prune();
            }
        }

        /// Keeps whole positions: a frame is tried in all places before the next one.
        void prune() {
            rows.sort(Comparator.comparingLong(Row::position));
            if (rows.size() <= MOST) {
                return;
            }
            below = Math.max(rows.get(MOST).position, rows.getFirst().position + 1);
            rows.removeIf(row -> row.position >= below);
            more = true;
        }
    }

    private Found find(long from) throws IOException {
        Found found = new Found(from);
        if (file != null) {
            ByteBuffer many = ByteBuffer.allocate(READ_PAGES * pageSize);
            long size = file.size();
            for (long at = 0; at < size; at += many.capacity()) {
                int pages = readPages(file, many, at);
                for (int i = 0; i < pages; i++) {
                    rows(many.slice(i * pageSize, pageSize), at + (long) i * pageSize, null, found);
                }
            }
        }
        for (WalFile.Image image : images) {
            if (log != null && load(log, image.at())) {
                rows(page, image.at(), image, found);
            }
        }
        found.prune();
        return found;
    }

    /// What cannot be read counts as zeros.
    private int readPages(FileChannel from, ByteBuffer many, long at) throws IOException {
        many.clear();
        int wanted = (int) Math.min(many.capacity(), from.size() - at);
        many.limit(wanted);
        try {
            while (many.hasRemaining() && from.read(many, at + many.position()) >= 0) {
                // On until all is there.
            }
            return many.position() / pageSize;
        } catch (IOException _) {
            // A bad place on the disk: page by page.
            for (int i = 0; i < wanted / pageSize; i++) {
                boolean read = load(from, at + (long) i * pageSize);
                many.put(i * pageSize, read ? page.array() : new byte[pageSize]);
            }
            return wanted / pageSize;
        }
    }

    private boolean load(FileChannel from, long at) {
        try {
            WalFile.readFully(from, page, at);
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    private void rows(ByteBuffer leaf, long at, WalFile.@Nullable Image image, Found found) {
        int start = image == null && at == 0 ? 100 : 0;
        if (leaf.get(start) != LEAF) {
            return;
        }
        int cells = leaf.getShort(start + 3) & 0xFFFF;
        int pointers = start + 8;
        for (int i = 0; i < cells && pointers + 2 * i + 2 <= pageSize; i++) {
            int cell = leaf.getShort(pointers + 2 * i) & 0xFFFF;
            if (cell < pointers || cell + 4 > pageSize) {
                continue;
            }
            Cell parsed = new Cell(leaf, cell);
            if (parsed.isFrame) {
                found.add(new Row(parsed.position, at, cell, image));
            }
        }
    }

    /// A cell of a table's leaf, as far as it is in the page: length of the record and row number
    /// as variable-length integers, the record, the number of its next page.
    private final class Cell {
        private final ByteBuffer in;
        private int next;
        private final long payload;
        private final long position;
        private final int record;
        private final int local;
        private long checksum;
        private int bytesFrom;
        private int bytes;
        private final boolean isFrame;

        Cell(ByteBuffer leaf, int at) {
            in = leaf;
            next = at;
            payload = number();
            position = number();
            record = next;
            local = local(payload);
            isFrame = position > 0 && payload > 4 && local > 4 && parse();
        }

        private int local(long all) {
            int most = pageSize - 35;
            if (all <= most) {
                return (int) all;
            }
            int least = (pageSize - 12) * 32 / 255 - 23;
            long rest = least + (all - least) % (pageSize - 4);
            return (int) (rest <= most ? rest : least);
        }

        private long number() {
            long value = 0;
            for (int i = 0; i < 9; i++) {
                if (next >= pageSize) {
                    return -1;
                }
                byte b = in.get(next++);
                if (i == 8) {
                    return value << 8 | (b & 0xFF);
                }
                value = value << 7 | (b & 0x7F);
                if (b >= 0) {
                    return value;
                }
            }
            return value;
        }

        /// position (null, it is the row's number), start, checksum, and then, in the order in
        /// which this file's table came by them, bytes and what they weigh: a text and two numbers.
        private boolean parse() {
            if (record + local > pageSize) {
                return false;
            }
            long header = number();
            long end = record + header;
            if (header <= 0 || end > record + local || number() != 0) {
                return false;
            }
            long at = end;
            long start = number();
            long check = number();
            if (width(start) < 0 || width(check) < 0 || end + 16 > pageSize) {
                return false;
            }
            at += width(start);
            checksum = integer((int) at, check);
            at += width(check);
            int blobs = 0;
            while (next < end) {
                long type = number();
                if (type >= 12 && type % 2 == 0) {
                    blobs++;
                    if (at > record + local || type - 12 > 2L * Integer.MAX_VALUE - 200) {
                        return false;
                    }
                    bytesFrom = (int) at;
                    bytes = (int) ((type - 12) / 2);
                    at += bytes;
                } else if (type >= 13) {
                    at += (type - 13) / 2;
                } else if (width(type) >= 0) {
                    at += width(type);
                } else {
                    return false;
                }
            }
            return next == end
                    && blobs == 1
                    && at - record == payload
                    && payload <= Integer.MAX_VALUE - 64;
        }

        private static int width(long type) {
            return switch ((int) Math.min(type, 10)) {
                case 1, 2, 3, 4 -> (int) type;
                case 5 -> 6;
                case 6 -> 8;
                case 8, 9 -> 0;
                default -> -1;
            };
        }

        private long integer(int at, long type) {
            if (type >= 8) {
                return type - 8;
            }
            long value = in.get(at);
            for (int i = 1; i < width(type); i++) {
                value = value << 8 | (in.get(at + i) & 0xFF);
            }
            return value;
        }
    }

    /// The row's frame, null when it is not whole.
    private byte @Nullable [] frame(Row row) throws IOException {
        // An overflow page is of the row's own transaction or older, mostly.
        byte[] frame = frame(row, Choice.BEFORE);
        if (frame == null && !imagesOf.isEmpty()) {
            frame = frame(row, Choice.DATABASE);
        }
        return frame == null && !imagesOf.isEmpty() ? frame(row, Choice.NEWEST) : frame;
    }

    /// Which image of a further page to take.
    private enum Choice {
        BEFORE,
        DATABASE,
        NEWEST
    }

    private byte @Nullable [] frame(Row row, Choice choice) throws IOException {
        FileChannel from = row.image == null ? file : log;
        if (from == null || !load(from, row.at)) {
            return null;
        }
        Cell cell = new Cell(page, row.cell);
        if (!cell.isFrame || cell.position != row.position) {
            return null;
        }
        long checksum = cell.checksum;
        int here = Math.min(cell.bytes, cell.record + cell.local - cell.bytesFrom);
        if (here < 0 || cell.bytes > longest()) {
            return null;
        }
        byte[] frame = new byte[cell.bytes];
        page.get(cell.bytesFrom, frame, 0, here);
        int next = here < cell.bytes ? page.getInt(cell.record + cell.local) : 0;
        for (int done = here; done < frame.length; ) {
            if (next <= 0 || !loadPage(next, row, choice)) {
                return null;
            }
            int more = Math.min(frame.length - done, pageSize - 4);
            page.get(4, frame, done, more);
            done += more;
            next = page.getInt(0);
        }
        return sum.of(row.position, frame) == checksum ? frame : null;
    }

    /// No frame is longer than the files that hold it.
    private long longest() throws IOException {
        return (file == null ? 0 : file.size()) + (log == null ? 0 : log.size());
    }

    private boolean loadPage(int number, Row row, Choice choice) {
        List<WalFile.Image> all = imagesOf.getOrDefault(number, List.of());
        if (choice != Choice.DATABASE && log != null) {
            for (WalFile.Image image : all.reversed()) {
                boolean fits =
                        choice == Choice.NEWEST
                                || (row.image != null
                                        && image.transaction() <= row.image.transaction());
                if (fits) {
                    return load(log, image.at());
                }
            }
        }
        return file != null && load(file, (number - 1L) * pageSize);
    }

    @Override
    public void close() throws IOException {
        try (file) {
            if (log != null) {
                log.close();
            }
        }
    }
}
