package io.trapline.net;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Gives a connection's bytes to the server such that no piece reaches beyond the part of a request
/// that it reads at the moment: a head, or some of a body. So what it leaves unread is never taken
/// for the next request, and chunked bodies can be put into plain form on the way ([ChunkedBody]).
///
/// Where a body begins, and how it is framed, is what the server itself found in the head: there
/// are no two opinions. Owned by the connection's thread.
final class RequestBytes {
    /// Of a body that nobody has read, this much is waited for, to go on with the connection.
    private static final long SHORT = 64 << 10;

    private static final byte[] HEAD_END = {'\r', '\n', '\r', '\n'};

    private final Received in;
    private int matched;
    private @Nullable ChunkedBody chunked;
    private long length;
    private long left;
    private boolean expected;
    private Optional<String> broken = Optional.empty();

    /// @param more the next bytes, at least one; null at the end
    RequestBytes(Supplier<byte @Nullable []> more) {
        in = new Received(more);
    }

    /// The server has read a head to its end, which announces this body.
    void begin(Headers head) {
        matched = 0;
        if (head.contains(HeaderNames.TRANSFER_ENCODING)) {
            chunked = new ChunkedBody(in);
        } else {
            length = announced(head);
            left = length;
        }
        expected = isInside() && head.containsToken(HeaderValues.EXPECT_100);
    }

    private static long announced(Headers head) {
        try {
            return head.contentLength().orElse(0);
        } catch (IllegalArgumentException _) {
            return 0; // the server asks the same, and refuses the request
        }
    }

    /// The next piece of what the server is reading; null when the connection ends between two
    /// requests, or inside a head.
    ///
    /// @throws BrokenBodyException inside a body, from then on
    byte @Nullable [] read() {
        if (broken.isPresent()) {
            throw new BrokenBodyException(broken.get());
        }
        expected = false;
        try {
            return chunked != null ? chunk(chunked) : left > 0 ? piece() : head();
        } catch (BrokenBodyException e) {
            broken = Optional.of(String.valueOf(e.getMessage()));
            throw e;
        }
    }

    private byte[] chunk(ChunkedBody body) {
        byte[] chunk = body.next();
        if (body.isEnded()) {
            chunked = null;
        }
        return chunk;
    }

    private byte[] piece() {
        byte[] piece = in.upTo(left);
        if (piece == null) {
            throw new BrokenBodyException(
                    "the body broke off after " + (length - left) + " of " + length + " bytes");
        }
        left -= piece.length;
        return piece;
    }

    private byte @Nullable [] head() {
        byte[] piece = in.upTo(Integer.MAX_VALUE);
        if (piece == null) {
            return null;
        }
        for (int i = 0; i < piece.length; i++) {
            byte c = piece[i];
            matched = c == HEAD_END[matched] ? matched + 1 : c == HEAD_END[0] ? 1 : 0;
            if (matched == HEAD_END.length) {
                matched = 0;
                in.putBack(piece.length - i - 1);
                return i + 1 == piece.length ? piece : Arrays.copyOf(piece, i + 1);
            }
        }
        return piece;
    }

    /// A body has begun, and was not given out to its end.
    boolean isInside() {
        return chunked != null || left > 0;
    }

    /// Whether the connection has to end after an answer that is given now: the rest of the body is
    /// long or of unknown length, cannot be told from what follows, or may never come, because the
    /// client waits to be asked for it.
    boolean isSpoiled() {
        return broken.isPresent()
                || chunked != null
                || (left > SHORT && left > in.waiting())
                || expected;
    }
}
