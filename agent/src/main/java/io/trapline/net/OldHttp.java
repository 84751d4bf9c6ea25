package io.trapline.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// HTTP/1.0 for a server of HTTP/1.1: the head of a connection's one request is told in the present
/// version, with `Connection: close`, with a `Host`, which 1.0 need not have, and with the `Via`
/// that a gateway between versions adds: it tells handlers of the old version, which proxies speak.
///
/// An answer whose length is not known when it begins comes in chunks, which such a client may not
/// understand; of ours only live pages and exports are like that.
public final class OldHttp {
    /// What such a request says it came by.
    public static final String VIA = "1.0 old";

    private static final String OLD = " HTTP/1.0\r";

    private OldHttp() {}

    /// The first bytes of a connection, with the whole head when it is of HTTP/1.0; what is too
    /// long or no HTTP is left to the server to refuse.
    ///
    /// @param more the next bytes that were received; null at the end
    static byte @Nullable [] begin(
            Supplier<byte @Nullable []> more, int maxRequestLine, int maxHead) {
        byte[] first = more.get();
        if (first == null || (indexOf(first, first.length, "\n", 0) >= 0 && !isOld(first))) {
            return first;
        }
        Begin begin = new Begin();
        begin.writeBytes(first);
        if (begin.readOn(more, "\n", maxRequestLine) && isOld(begin.toByteArray())) {
            boolean _ = begin.readOn(more, "\r\n\r\n", maxHead);
        }
        return begin.toByteArray();
    }

    /// Whether these are the first bytes of HTTP/1.0, with all of its head.
    static boolean isWholeHead(byte[] begin) {
        return isOld(begin) && indexOf(begin, begin.length, "\r\n\r\n", 0) >= 0;
    }

    /// What has been received. Only what is new is searched: a head may come byte by byte.
    private static final class Begin extends ByteArrayOutputStream {
        boolean readOn(Supplier<byte @Nullable []> more, String end, int limit) {
            int from = 0;
            while (indexOf(buf, count, end, from) < 0) {
                from = Math.max(0, count - end.length() + 1);
                byte[] next = count > limit ? null : more.get();
                if (next == null) {
                    return false;
                }
                writeBytes(next);
            }
            return true;
        }
    }

    private static boolean isOld(byte[] begin) {
        int end = indexOf(begin, begin.length, "\n", 0);
        int at = end - OLD.length();
        return at >= 0 && indexOf(begin, end, OLD, at) == at;
    }

    /// What began with a whole head of HTTP/1.0, as HTTP/1.1 has it.
    static byte[] present(byte[] request) {
        int end = indexOf(request, request.length, "\r\n\r\n", 0);
        String[] lines = new String(request, 0, end, ISO_8859_1).split("\r\n", -1);
        StringBuilder head = new StringBuilder(end + 64);
        String requestLine = lines[0];
        head.append(requestLine, 0, requestLine.length() - 1)
                .append("1\r\nConnection: close\r\nVia: ")
                .append(VIA)
                .append("\r\n");
        boolean host = false;
        for (int i = 1; i < lines.length; i++) {
            String lower = lines[i].toLowerCase(Locale.ROOT);
            host |= lower.startsWith("host:");
            if (!lower.startsWith("connection:")) {
                head.append(lines[i]).append("\r\n");
            }
        }
        head.append(host ? "\r\n" : "Host: localhost\r\n\r\n");
        ByteArrayOutputStream present = new ByteArrayOutputStream(request.length + 64);
        present.writeBytes(head.toString().getBytes(ISO_8859_1));
        present.write(request, end + 4, request.length - end - 4);
        return present.toByteArray();
    }

    private static int indexOf(byte[] bytes, int length, String text, int from) {
        byte[] wanted = text.getBytes(ISO_8859_1);
        for (int at = from; at + wanted.length <= length; at++) {
            int same = 0;
            while (same < wanted.length && bytes[at + same] == wanted[same]) {
                same++;
            }
            if (same == wanted.length) {
                return at;
            }
        }
        return -1;
    }
}
