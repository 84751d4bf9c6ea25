package io.trapline.net;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;

/// One chunked body, RFC 9112 section 7.1, in the plain form that the server below understands:
///
/// ```
/// chunked-body = *( chunk-size [ chunk-ext ] CRLF data CRLF ) 1*"0" [ chunk-ext ] CRLF *( field CRLF ) CRLF
/// ```
///
/// Chunk extensions and trailers are read and dropped, within bounds: nobody here understands any.
/// Everything else is refused that two receivers might take for different lengths: a bare CR or LF,
/// a sign or prefix before the size, a size of more than 16 digits or 63 bits, data that is longer
/// than its size.
///
/// A chunk comes out as it arrives, in as many chunks as there were pieces, so that nobody has to
/// hold one that is announced with gigabytes.
final class ChunkedBody {
    private static final int MAX_PIECE = 64 << 10;
    private static final int MAX_DIGITS = 16;

    /// What follows a size on its line.
    private static final int MAX_EXTENSION = 4 << 10;

    /// All extensions of a body: so much, and no more than the data itself.
    private static final int MAX_EXTENSIONS = 64 << 10;

    private static final int MAX_TRAILERS = 16 << 10;
    private static final byte[] END = "0\r\n\r\n".getBytes(US_ASCII);
    private static final String TOKEN_SIGNS = "!#$%&'*+-.^_`|~";

    private final Received in;
    private boolean begun;
    private boolean ended;
    private long left;
    private long data;
    private long extensions;

    ChunkedBody(Received in) {
        this.in = in;
    }

    /// The end was given out: what follows belongs to the next request.
    boolean isEnded() {
        return ended;
    }

    /// A whole chunk, or the end of the body.
    ///
    /// @throws BrokenBodyException the first time; the rest cannot be told apart then
    byte[] next() {
        if (left == 0) {
            if (begun) {
                lineEnd(in.next(), "the data of a chunk is longer than its size says");
            }
            begun = true;
            left = size();
            if (left == 0) {
                trailers();
                ended = true;
                return END;
            }
        }
        byte[] piece = in.upTo(Math.min(left, MAX_PIECE));
        if (piece == null) {
            throw brokeOff();
        }
        left -= piece.length;
        data += piece.length;
        return chunk(piece);
    }

    private static byte[] chunk(byte[] piece) {
        byte[] size = Integer.toHexString(piece.length).getBytes(US_ASCII);
        ByteArrayOutputStream chunk = new ByteArrayOutputStream(size.length + piece.length + 4);
        chunk.writeBytes(size);
        chunk.write('\r');
        chunk.write('\n');
        chunk.writeBytes(piece);
        chunk.write('\r');
        chunk.write('\n');
        return chunk.toByteArray();
    }

    private long size() {
        long size = 0;
        int digits = 0;
        int c = in.next();
        for (int digit = digit(c); digit >= 0; digit = digit(c)) {
            size = size << 4 | digit;
            digits++;
            if (digits > MAX_DIGITS || size < 0) {
                throw broken("the size of a chunk is too large");
            }
            c = in.next();
        }
        if (c < 0) {
            throw brokeOff();
        }
        if (digits == 0) {
            throw broken("a chunk does not begin with its size, in hexadecimal digits alone");
        }
        extension(c);
        return size;
    }

    private static int digit(int c) {
        return c < 0x80 ? Character.digit(c, 16) : -1;
    }

    private void extension(int first) {
        boolean named = false;
        int length = 0;
        int c = first;
        while (c != '\r' && c != '\n') {
            named |= c == ';';
            if (!named && c != ' ' && c != '\t') {
                throw c < 0
                        ? brokeOff()
                        : broken("the size of a chunk is followed by something else than \";\"");
            }
            text(c, "a chunk's extension");
            length++;
            if (length > MAX_EXTENSION || extensions + length > MAX_EXTENSIONS + data) {
                throw broken("the extensions of its chunks are too long");
            }
            c = in.next();
        }
        lineEnd(c, "the line with the size of a chunk does not end with CR LF");
        extensions += length;
    }

    private void trailers() {
        int room = MAX_TRAILERS;
        while (true) {
            int c = in.next();
            if (c == '\r' || c == '\n') {
                lineEnd(c, "the trailers do not end with CR LF");
                return;
            }
            room = trailer(c, room);
        }
    }

    private int trailer(int first, int before) {
        int room = before;
        boolean named = false;
        int c = first;
        while (c != '\r' && c != '\n') {
            if (!named && c != ':' && !isToken(c)) {
                throw c < 0 ? brokeOff() : broken("a trailer is no header field");
            }
            text(c, "a trailer");
            if (!named && c == ':') {
                if (room == before) {
                    throw broken("a trailer has no name");
                }
                named = true;
            }
            room--;
            if (room < 0) {
                throw broken("its trailers are longer than " + MAX_TRAILERS + " bytes");
            }
            c = in.next();
        }
        if (!named) {
            throw broken("a trailer is no header field");
        }
        lineEnd(c, "a trailer does not end with CR LF");
        return room;
    }

    private static boolean isToken(int c) {
        return (c >= '0' && c <= '9')
                || (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c > 0 && TOKEN_SIGNS.indexOf(c) >= 0);
    }

    private void text(int c, String where) {
        if (c < 0) {
            throw brokeOff();
        }
        if ((c < ' ' && c != '\t') || c == 0x7F) {
            throw broken("there is a control character in " + where);
        }
    }

    private void lineEnd(int c, String otherwise) {
        int second = c == '\r' ? in.next() : c;
        if (second < 0) {
            throw brokeOff();
        }
        if (c != '\r' || second != '\n') {
            throw broken(otherwise);
        }
    }

    private BrokenBodyException brokeOff() {
        return new BrokenBodyException(
                "the body broke off after "
                        + data
                        + " bytes, before its last chunk and what ends it had arrived");
    }

    private BrokenBodyException broken(String what) {
        return new BrokenBodyException(
                "the body is not chunked as HTTP/1.1 demands (RFC 9112, section 7.1): after "
                        + data
                        + " bytes of data, "
                        + what);
    }
}
