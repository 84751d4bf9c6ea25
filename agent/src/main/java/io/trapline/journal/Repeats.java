package io.trapline.journal;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/// A request that a client may send again because it does not know what became of it: the same
/// `X-Request-Id` with the same body at the same door is the same request, and is kept once.
///
/// It is remembered in the transaction that keeps the request, so that neither a crash nor an
/// answer that got lost doubles it; the newest [Origins#MAX_REQUESTS] are.
public final class Repeats {
    /// The header that names a request.
    public static final String HEADER = "X-Request-Id";

    static final String SCOPE = "request:";

    private static final int MAX_ID = 200;

    private Repeats() {}

    /// Whether a text can name a request.
    public static boolean isId(String text) {
        return !text.isEmpty() && text.length() <= MAX_ID;
    }

    /// @param door and who came in by it: another's requests are others
    /// @param id as the client gave it
    public static Origin origin(String door, String id, byte[] body) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String text : new String[] {door, id}) {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                digest.update((bytes.length + " ").getBytes(StandardCharsets.UTF_8));
                digest.update(bytes);
            }
            digest.update(body);
            String sum = Base64.getUrlEncoder().withoutPadding().encodeToString(digest.digest());
            return new Origin(SCOPE + sum, 0, 0);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    static boolean isRequest(Origin origin) {
        return origin.sender().startsWith(SCOPE);
    }
}
