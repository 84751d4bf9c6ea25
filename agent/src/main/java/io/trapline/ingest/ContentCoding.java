package io.trapline.ingest;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/// Undoes `Content-Encoding`: none, `identity`, `gzip` (`x-gzip`) and `deflate`, the last in both
/// forms that are seen (zlib, and the bare stream).
public final class ContentCoding {
    private static final int BUFFER = 8192;

    private ContentCoding() {}

    /// @param coding the header's value, empty when there is none
    /// @throws UnknownCodingException before anything is read
    /// @throws IOException when the body does not begin as its coding demands
    public static InputStream decode(InputStream body, String coding) throws IOException {
        return switch (coding.strip().toLowerCase(Locale.ROOT)) {
            case "", "identity" -> body;
            case "gzip", "x-gzip" -> new GZIPInputStream(new NotYetEnded(body), BUFFER);
            case "deflate" -> inflate(body);
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
