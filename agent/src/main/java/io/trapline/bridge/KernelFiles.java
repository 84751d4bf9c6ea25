package io.trapline.bridge;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.graalvm.polyglot.io.FileSystem;

/// The host's file system as embedded Python sees it, with `/proc` and `/sys` made readable.
///
/// Files there state a size of 0 (or of a page) whatever they hold, and GraalPy's file layer reads
/// no further than the stated size. So a file there that is opened for reading is read to its end
/// at once and served from memory, which is how its one consistent content is meant to be taken
/// anyway.
final class KernelFiles {
    /// A file that never ends (`/proc/kmsg`) must not fill the heap.
    private static final int LIMIT = 16 << 20;

    private KernelFiles() {}

    static FileSystem withHost() {
        FileSystem host = FileSystem.newDefaultFileSystem();
        return (FileSystem)
                Proxy.newProxyInstance(
                        KernelFiles.class.getClassLoader(),
                        new Class<?>[] {FileSystem.class},
                        (_, method, arguments) -> {
                            if (method.getName().equals("newByteChannel")
                                    && arguments[0] instanceof Path path
                                    && arguments[1] instanceof Set<?> options
                                    && onlyReads(options)
                                    && isKernelFile(host.toAbsolutePath(path))) {
                                return new Content(read(path));
                            }
                            try {
                                return method.invoke(host, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause() == null ? e : e.getCause();
                            }
                        });
    }

    private static boolean onlyReads(Set<?> options) {
        for (Object option : options) {
            if (option instanceof OpenOption asked && asked != StandardOpenOption.READ) {
                return false;
            }
        }
        return true;
    }

    private static boolean isKernelFile(Path path) {
        return (path.startsWith("/proc") || path.startsWith("/sys")) && Files.isRegularFile(path);
    }

    private static byte[] read(Path path) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            return in.readNBytes(LIMIT);
        }
    }

    /// Bytes in memory as a channel that cannot be written. One thread at a time.
    private static final class Content implements SeekableByteChannel {
        private final byte[] bytes;
        private long position;
        private boolean open = true;

        Content(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public int read(ByteBuffer to) throws IOException {
            checkOpen();
            if (position >= bytes.length) {
                return -1;
            }
            int count = (int) Math.min(to.remaining(), bytes.length - position);
            to.put(bytes, (int) position, count);
            position += count;
            return count;
        }

        @Override
        public int write(ByteBuffer from) {
            throw new NonWritableChannelException();
        }

        @Override
        public long position() throws IOException {
            checkOpen();
            return position;
        }

        @Override
        public SeekableByteChannel position(long newPosition) throws IOException {
            checkOpen();
            position = newPosition;
            return this;
        }

        @Override
        public long size() throws IOException {
            checkOpen();
            return bytes.length;
        }

        @Override
        public SeekableByteChannel truncate(long size) {
            throw new NonWritableChannelException();
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void close() {
            open = false;
        }

        private void checkOpen() throws ClosedChannelException {
            if (!open) {
                throw new ClosedChannelException();
            }
        }
    }
}
