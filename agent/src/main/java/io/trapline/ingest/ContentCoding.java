package io.trapline.ingest;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/// Undoes `Content-Encoding`: none, `identity`, `gzip` (`x-gzip`) and `deflate`, the last in both
/// forms that are seen (zlib, and the bare stream).
///
/// What is decoded ends only after the body did: that a transfer broke off, or was wrong, behind
/// the last compressed byte is found as well.
public final class ContentCoding {
    private static final int BUFFER = 8192;

    /// What may follow the compressed data; it is ignored, as it always was.
    private static final int MAX_PADDING = 64 << 10;

    private ContentCoding() {}

    /// @param coding the header's value, empty when there is none
    /// @throws UnknownCodingException before anything is read
    /// @throws IOException when the body does not begin as its coding demands
    public static InputStream decode(InputStream body, String coding) throws IOException {
        List<String> applied =
                Arrays.stream(coding.toLowerCase(Locale.ROOT).split(",", -1))
                        .map(String::strip)
                        .filter(each -> !each.isEmpty() && !each.equals("identity"))
                        .toList();
        if (applied.isEmpty()) {
            return body;
        }
        if (applied.size() > 1) {
            throw new UnknownCodingException(coding);
        }
        return switch (applied.getFirst()) {
            case "gzip", "x-gzip" ->
                    new ToTheEnd(new GZIPInputStream(new NotYetEnded(body), BUFFER), body);
            case "deflate" -> new ToTheEnd(inflate(body), body);
            default -> throw new UnknownCodingException(coding);
        };
    }

    private static InputStream inflate(InputStream body) throws IOException {
        PushbackInputStream peekable = new PushbackInputStream(body, 1);
        int first = peekable.read();
        if (first < 0) {
            return peekable;
        }
        peekable.unread(first);
        // A zlib stream begins with its method, 8, in the low half of the first byte.
        boolean bare = (first & 0x0F) != 8;
        Inflater inflater = new Inflater(bare);
        return new InflaterInputStream(peekable, inflater, BUFFER) {
            @Override
            public void close() throws IOException {
                super.close();
                inflater.end();
            }
        };
    }

    /// Ends when the body does, not when what is decoded from it does: the JDK's decoders stop
    /// before, and take an error there for the end.
    private static final class ToTheEnd extends FilterInputStream {
        private final InputStream body;
        private boolean ended;

        ToTheEnd(InputStream decoded, InputStream body) {
            super(decoded);
            this.body = body;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = super.read(buffer, offset, length);
            if (read < 0 && !ended) {
                ended = true;
                if (body.readNBytes(MAX_PADDING).length == MAX_PADDING) {
                    throw new IOException("much follows the end of the compressed data");
                }
            }
            return read;
        }
    }

    /// The JDK looks for a further gzip member only when `available()` promises one; a promise that
    /// fails is taken for the end.
    private static final class NotYetEnded extends FilterInputStream {
        NotYetEnded(InputStream body) {
            super(body);
        }

        @Override
        public int available() {
            return 1;
        }
    }

    /// The coding is none that we can undo.
    public static final class UnknownCodingException extends IOException {
        private static final long serialVersionUID = 1L;

        UnknownCodingException(String coding) {
            super(
                    "Content-Encoding \""
                            + (coding.length() > 40 ? coding.substring(0, 40) + "…" : coding)
                            + "\" is not understood, send gzip, deflate or none");
        }
    }
}
