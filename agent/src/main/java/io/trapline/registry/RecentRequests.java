package io.trapline.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.config.OutsideJson;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The last few requests of each source, in memory. Secrets are masked when one is looked at: that
/// is rare, and taking a request is not.
final class RecentRequests {
    static final int KEPT = 10;
    static final int MAX_BYTES = 4096;
    static final int MAX_NOTES = 20;
    static final int MAX_NOTE = 500;
    static final String MASK = "***";

    private static final ObjectMapper JSON = OutsideJson.mapper();

    /// A member whose value is text; the value may be cut off.
    private static final Pattern MEMBER =
            Pattern.compile(
                    "\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\"(\\s*+:\\s*+)"
                            + "\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)(\"|\\\\?$)",
                    Pattern.DOTALL);

    private final ConcurrentHashMap<String, Ring> rings = new ConcurrentHashMap<>();

    void add(
            String source,
            Instant time,
            int status,
            byte[] body,
            long bytes,
            List<String> notes,
            String secret) {
        Taken taken =
                new Taken(
                        time,
                        status,
                        Arrays.copyOf(body, Math.min(body.length, MAX_BYTES)),
                        bytes,
                        notes.stream().limit(MAX_NOTES).map(note -> cut(note, MAX_NOTE)).toList(),
                        secret);
        rings.computeIfAbsent(source, _ -> new Ring()).add(taken);
    }

    /// Newest first.
    List<RecentRequest> of(String source) {
        Ring ring = rings.get(source);
        return ring == null ? List.of() : ring.shown();
    }

    void forget(String source) {
        rings.remove(source);
    }

    static String cut(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length;
        return text.substring(0, end) + "…";
    }

    /// Masks the values of `access_token` and `secret` however they are spelled, and the known
    /// secret wherever it stands, also when its end was cut off with the body's.
    static String masked(String body, String secret) {
        Matcher member = MEMBER.matcher(body);
        StringBuilder out = new StringBuilder(body.length());
        while (member.find()) {
            String key = unescaped(member.group(1));
            boolean telling =
                    key.equals("access_token")
                            || key.equals("secret")
                            || isSecret(unescaped(member.group(3)), secret);
            String shown =
                    telling
                            ? "\"" + member.group(1) + "\"" + member.group(2) + "\"" + MASK + "\""
                            : member.group();
            member.appendReplacement(out, Matcher.quoteReplacement(shown));
        }
        member.appendTail(out);
        if (secret.isEmpty()) {
            return out.toString();
        }
        String text = out.toString().replace(secret, MASK);
        for (int known = Math.min(secret.length() - 1, text.length()); known >= 4; known--) {
            if (text.endsWith(secret.substring(0, known))) {
                return text.substring(0, text.length() - known) + MASK;
            }
        }
        return text;
    }

    private static boolean isSecret(String value, String secret) {
        return !secret.isEmpty() && value.contains(secret);
    }

    private static String unescaped(String raw) {
        if (raw.indexOf('\\') < 0) {
            return raw;
        }
        try {
            return JSON.readValue("\"" + raw + "\"", String.class);
        } catch (JsonProcessingException e) {
            return raw;
        }
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Taken(
            Instant time, int status, byte[] head, long bytes, List<String> notes, String secret) {
        RecentRequest shown() {
            return new RecentRequest(
                    time,
                    status,
                    masked(new String(head, StandardCharsets.UTF_8), secret),
                    bytes,
                    notes.stream().map(note -> masked(note, secret)).toList());
        }
    }

    private static final class Ring {
        private final Deque<Taken> requests = new ArrayDeque<>(KEPT);

        synchronized void add(Taken request) {
            if (requests.size() == KEPT) {
                requests.removeLast();
            }
            requests.addFirst(request);
        }

        List<RecentRequest> shown() {
            List<Taken> taken;
            synchronized (this) {
                taken = new ArrayList<>(requests);
            }
            return taken.stream().map(Taken::shown).toList();
        }
    }
}
