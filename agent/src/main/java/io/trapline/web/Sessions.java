package io.trapline.web;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.SetCookie;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Browsers in which somebody has shown the admin token.
///
/// The cookie is `<id>.<end, in seconds>.<signature>`, signed with a key that is made from the
/// token: it outlives a restart of the agent, and a new token ends all sessions. Which were ended
/// by hand is kept in memory until they would have ended anyway. Any thread may call any method.
public final class Sessions {
    static final String COOKIE = "trapline_session";
    static final Duration LIFE = Duration.ofHours(12);
    private static final HeaderName FORWARDED_PROTO = HeaderNames.create("X-Forwarded-Proto");
    private static final int ID_BYTES = 16;

    private final SecretKeySpec key;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final ConcurrentHashMap<String, Instant> ended = new ConcurrentHashMap<>();

    Sessions(byte[] token, InstantSource clock) {
        this.key =
                new SecretKeySpec(mac(new SecretKeySpec(token, "HmacSHA256"), "session"), "Hmac");
        this.clock = clock;
    }

    /// @param csrf what a form of this session must bring along
    public record Session(String id, Instant until, String csrf) {
        /// Without what a forger would need.
        @Override
        public String toString() {
            return "session until " + until;
        }
    }

    /// The session that the request's cookie stands for, if it has one that holds.
    public Optional<Session> of(ServerRequest request) {
        return request.headers().cookies().first(COOKIE).asOptional().flatMap(this::read);
    }

    Optional<Session> read(String cookie) {
        String[] parts = cookie.split("\\.", -1);
        if (parts.length != 3 || !parts[1].matches("[0-9]{1,12}")) {
            return Optional.empty();
        }
        byte[] expected = signature(parts[0], parts[1]).getBytes(StandardCharsets.US_ASCII);
        if (!MessageDigest.isEqual(expected, parts[2].getBytes(StandardCharsets.UTF_8))) {
            return Optional.empty();
        }
        Instant until = Instant.ofEpochSecond(Long.parseLong(parts[1]));
        return until.isAfter(clock.instant()) && !ended.containsKey(parts[0])
                ? Optional.of(session(parts[0], until))
                : Optional.empty();
    }

    private Session session(String id, Instant until) {
        return new Session(id, until, text(mac(key, "csrf " + id)));
    }

    /// Starts one and has the browser keep it.
    public Session begin(ServerRequest request, ServerResponse response) {
        byte[] bytes = new byte[ID_BYTES];
        random.nextBytes(bytes);
        Session fresh = session(text(bytes), clock.instant().plus(LIFE));
        String end = Long.toString(fresh.until().getEpochSecond());
        response.headers()
                .addCookie(
                        cookie(request, fresh.id() + "." + end + "." + signature(fresh.id(), end))
                                .maxAge(LIFE)
                                .build());
        return fresh;
    }

    /// From now on nobody is let in with it.
    public void end(Session session, ServerRequest request, ServerResponse response) {
        Instant now = clock.instant();
        ended.values().removeIf(until -> !until.isAfter(now));
        ended.put(session.id(), session.until());
        response.headers().addCookie(cookie(request, "").expires(Instant.EPOCH).build());
    }

    private static SetCookie.Builder cookie(ServerRequest request, String value) {
        boolean secure =
                request.isSecure()
                        || request.headers()
                                .first(FORWARDED_PROTO)
                                .filter("https"::equalsIgnoreCase)
                                .isPresent();
        return SetCookie.builder(COOKIE, value)
                .path("/")
                .httpOnly(true)
                .secure(secure)
                .sameSite(SetCookie.SameSite.STRICT);
    }

    private String signature(String id, String end) {
        return text(mac(key, "cookie " + id + "." + end));
    }

    private static String text(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] mac(SecretKeySpec key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac.doFinal(("trapline " + text).getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }
}
