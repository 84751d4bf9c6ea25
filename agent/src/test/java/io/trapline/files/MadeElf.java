package io.trapline.files;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Writes ELF files that have a dynamic section and nothing else: what a loader would look for can
/// be read from them, as from one that `gcc -Wl,-rpath` made.
public final class MadeElf {
    public static final int NEEDED = 1;
    public static final int RPATH = 15;
    public static final int RUNPATH = 29;

    private static final int HEADER = 64;
    private static final int SEGMENT = 56;
    private static final long AT = 0x400000;

    private MadeElf() {}

    /// One entry of the dynamic section.
    public record Entry(int tag, String text) {}

    /// @param file made executable
    public static Path write(Path file, Entry... entries) throws IOException {
        ByteArrayOutputStream strings = new ByteArrayOutputStream();
        strings.write(0);
        int dynamicAt = HEADER + 2 * SEGMENT;
        int stringsAt = dynamicAt + 16 * (entries.length + 2);
        ByteBuffer dynamic = little(16 * (entries.length + 2));
        for (Entry entry : entries) {
            dynamic.putLong(entry.tag).putLong(strings.size());
            strings.writeBytes(entry.text.getBytes(StandardCharsets.UTF_8));
            strings.write(0);
        }
        dynamic.putLong(5).putLong(AT + stringsAt).putLong(0).putLong(0);
        int size = stringsAt + strings.size();

        byte[] bytes = new byte[size];
        ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        all.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
        all.putShort((short) 3).putShort((short) 62).putInt(1);
        all.putLong(AT).putLong(HEADER).putLong(0).putInt(0);
        all.putShort((short) HEADER).putShort((short) SEGMENT).putShort((short) 2);
        all.position(HEADER);
        segment(all, 1, 0, size);
        segment(all, 2, dynamicAt, stringsAt - dynamicAt);
        all.put(dynamic.flip()).put(strings.toByteArray());
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        file.toFile().setExecutable(true, false);
        return file;
    }

    private static void segment(ByteBuffer to, int type, long offset, long size) {
        to.putInt(type).putInt(4).putLong(offset).putLong(AT + offset).putLong(AT + offset);
        to.putLong(size).putLong(size).putLong(4096);
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
