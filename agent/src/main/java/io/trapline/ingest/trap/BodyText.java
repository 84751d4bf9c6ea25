package io.trapline.ingest.trap;

import io.trapline.ingest.LoneSurrogates;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/// The body as characters, with its last few kept: bytes that are no UTF-8 and lone surrogates
/// become U+FFFD, so that they do not stop the parse.
final class BodyText extends Reader {
    private static final int TAIL = 32;

    /// The beginning of a number or of `true`, `false`, `null`, after what may stand before it.
    private static final Pattern CUT_TOKEN =
            Pattern.compile("(?:^|[\\s,:\\[{/])(?:-?[0-9.eE+-]*|t|tr|tru|f|fa|fal|fals|n|nu|nul)$");

    private final Reader in;
    private final StringBuilder tail = new StringBuilder(2 * TAIL);
    private long length;
    private boolean ended;

    BodyText(InputStream body) {
        in = LoneSurrogates.replacing(new InputStreamReader(body, StandardCharsets.UTF_8));
    }

    @Override
    public int read(char[] buffer, int offset, int count) throws IOException {
        int read = in.read(buffer, offset, count);
        if (read < 0) {
            ended = true;
            return read;
        }
        length += read;
        int kept = Math.min(read, TAIL);
        tail.append(buffer, offset + read - kept, kept);
        tail.delete(0, Math.max(0, tail.length() - TAIL));
        return read;
    }

    /// Whether an error at `charOffset` only says that the body ends within a token.
    boolean isCutAt(long charOffset) {
        return ended && charOffset >= length - 1 && CUT_TOKEN.matcher(tail).find();
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
