package io.trapline.files;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a program or a shared library has the loader take besides itself, as its dynamic section
/// says. Source: the System V ABI, chapters "Program Header" and "Dynamic Section".
///
/// @param interpreter the loader that the kernel starts; a program has one
/// @param needed names of libraries, or paths
/// @param rpath folders in which its own libraries, and theirs in turn, are looked for
/// @param runpath folders in which its own libraries are looked for; with it, `rpath` does not
///   count
record Elf(
        Optional<String> interpreter,
        List<String> needed,
        List<String> rpath,
        List<String> runpath) {
    private static final int MAGIC = 0x7f454c46;
    private static final int LOAD = 1;
    private static final int DYNAMIC = 2;
    private static final int INTERPRETER = 3;

    private static final long NEEDED = 1;
    private static final long STRINGS = 5;
    private static final long RPATH = 15;
    private static final long RUNPATH = 29;
    private static final long AUDIT = 0x6ffffefcL;
    private static final long AUDIT_OF_ALL = 0x6ffffefbL;
    private static final long AUXILIARY = 0x7ffffffdL;
    private static final long FILTER = 0x7fffffffL;

    private static final int MOST_SEGMENTS = 1024;
    private static final int MOST_ENTRIES = 16_384;
    private static final int LONGEST_TEXT = 65_536;

    Elf {
        needed = List.copyOf(needed);
        rpath = List.copyOf(rpath);
        runpath = List.copyOf(runpath);
    }

    /// @return empty: no such file that a loader would take, or one that stands alone
    static Optional<Elf> read(Path file) throws IOException {
        try (SeekableByteChannel in = Files.newByteChannel(file)) {
            ByteBuffer magic = bytes(in, 0, 6);
            if (magic.getInt(0) != MAGIC) {
                return Optional.empty();
            }
            boolean wide = magic.get(4) == 2;
            return new Reader(
                            in,
                            wide,
                            magic.get(5) == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN)
                    .read();
        } catch (EOFException | IllegalArgumentException | ArithmeticException _) {
            return Optional.empty(); // the loader does not take it, either
        }
    }

    private static ByteBuffer bytes(SeekableByteChannel in, long at, int length)
            throws IOException {
        if (at < 0 || at > in.size() - length) {
            throw new EOFException("ends before that");
        }
        ByteBuffer read = ByteBuffer.allocate(length);
        in.position(at);
        while (read.hasRemaining()) {
            if (in.read(read) < 0) {
                throw new EOFException("ends within its headers");
            }
        }
        return read.flip();
    }

    /// Of one open file.
    private static final class Reader {
        private final SeekableByteChannel in;
        private final boolean wide;
        private final ByteOrder order;
        private final List<Segment> segments = new ArrayList<>();

        private record Segment(int type, long offset, long address, long size) {}

        Reader(SeekableByteChannel in, boolean wide, ByteOrder order) {
            this.in = in;
            this.wide = wide;
            this.order = order;
        }

        private ByteBuffer bytes(long at, int length) throws IOException {
            return Elf.bytes(in, at, length).order(order);
        }

        /// An address or a size.
        private long word(ByteBuffer from, int narrowAt, int wideAt) {
            return wide ? from.getLong(wideAt) : Integer.toUnsignedLong(from.getInt(narrowAt));
        }

        Optional<Elf> read() throws IOException {
            ByteBuffer header = bytes(0, wide ? 64 : 52);
            long at = word(header, 28, 32);
            int size = Short.toUnsignedInt(header.getShort(wide ? 54 : 42));
            int count = Short.toUnsignedInt(header.getShort(wide ? 56 : 44));
            for (int i = 0; i < Math.min(count, MOST_SEGMENTS); i++) {
                ByteBuffer each = bytes(at + (long) i * size, wide ? 56 : 32);
                segments.add(
                        new Segment(
                                each.getInt(0),
                                word(each, 4, 8),
                                word(each, 8, 16),
                                word(each, 16, 32)));
            }
            Optional<Segment> dynamic = first(DYNAMIC);
            return dynamic.isEmpty() ? Optional.empty() : Optional.of(dynamic(dynamic.get()));
        }

        private Optional<Segment> first(int type) {
            return segments.stream().filter(each -> each.type == type).findFirst();
        }

        private Elf dynamic(Segment segment) throws IOException {
            int width = wide ? 16 : 8;
            int count = (int) Math.min(segment.size / width, MOST_ENTRIES);
            ByteBuffer entries = bytes(segment.offset, count * width);
            List<Long> needed = new ArrayList<>();
            List<Long> rpath = new ArrayList<>();
            List<Long> runpath = new ArrayList<>();
            long strings = -1;
            for (int i = 0; i < count; i++) {
                ByteBuffer entry = entries.slice(i * width, width).order(order);
                long tag = word(entry, 0, 0);
                long value = word(entry, 4, 8);
                if (tag == 0) {
                    break;
                } else if (tag == STRINGS) {
                    strings = offset(value);
                } else if (tag == RPATH) {
                    rpath.add(value);
                } else if (tag == RUNPATH) {
                    runpath.add(value);
                } else if (tag == NEEDED
                        || tag == AUDIT
                        || tag == AUDIT_OF_ALL
                        || tag == AUXILIARY
                        || tag == FILTER) {
                    needed.add(value);
                }
            }
            Optional<Segment> interpreter = first(INTERPRETER);
            return new Elf(
                    interpreter.isEmpty()
                            ? Optional.empty()
                            : Optional.of(text(interpreter.get().offset)),
                    texts(strings, needed),
                    folders(texts(strings, rpath)),
                    folders(texts(strings, runpath)));
        }

        /// Where in the file what is at an address in memory is.
        private long offset(long address) throws EOFException {
            for (Segment each : segments) {
                if (each.type == LOAD
                        && address >= each.address
                        && address - each.address < each.size) {
                    return each.offset + (address - each.address);
                }
            }
            throw new EOFException("an address that is in no segment");
        }

        private List<String> texts(long strings, List<Long> at) throws IOException {
            List<String> all = new ArrayList<>();
            for (long each : at) {
                all.add(text(Math.addExact(strings, each)));
            }
            return all;
        }

        private String text(long at) throws IOException {
            for (int length = 256; ; length *= 4) {
                int there = (int) Math.min(length, in.size() - at);
                if (at < 0 || there <= 0) {
                    throw new EOFException("a text beyond the end");
                }
                byte[] read = bytes(at, there).array();
                for (int end = 0; end < there; end++) {
                    if (read[end] == 0) {
                        return new String(read, 0, end, StandardCharsets.UTF_8);
                    }
                }
                if (there < length || length > LONGEST_TEXT) {
                    throw new EOFException("a text without an end");
                }
            }
        }

        private static List<String> folders(List<String> lists) {
            List<String> all = new ArrayList<>();
            lists.forEach(list -> all.addAll(List.of(list.split(":", -1))));
            return all;
        }
    }
}
