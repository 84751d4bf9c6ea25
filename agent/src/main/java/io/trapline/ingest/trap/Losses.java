package io.trapline.ingest.trap;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What a submission lost, as the answer's `error`: the first few and how many.
final class Losses {
    private static final String TOO_LONG = "at least one metric exceeded max name length";
    private static final int SHOWN = 5;
    private static final int LOOKED_AT = 1000;
    private static final int SHOWN_CHARS = 100;

    private final Set<String> seen = new HashSet<>();
    private final List<String> shown = new ArrayList<>(0);
    private long count;
    private boolean nameTooLong;

    void nameTooLong() {
        nameTooLong = true;
    }

    /// @param what a name, or a part of the body
    void add(String what, String why) {
        add(what, 1, why);
    }

    /// @param times how many values; 0 = nothing happens
    void add(String what, long times, String why) {
        if (times == 0) {
            return;
        }
        count += times;
        if (shown.size() < SHOWN && count <= LOOKED_AT) {
            String text = clip(what) + ": " + why;
            if (seen.add(text)) {
                shown.add(text);
            }
        }
    }

    Optional<String> message() {
        List<String> parts = new ArrayList<>();
        if (nameTooLong) {
            parts.add(TOO_LONG);
        }
        if (count > 0) {
            parts.add(
                    count
                            + (count == 1 ? " value" : " values")
                            + " not stored as sent: "
                            + String.join("; ", shown)
                            + (count > shown.size() ? " …" : ""));
        }
        return parts.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", parts));
    }

    /// On one line and not too long.
    static String clip(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints()
                .limit(SHOWN_CHARS)
                .map(c -> Character.isISOControl(c) || isSurrogate(c) ? 0xFFFD : c)
                .forEach(out::appendCodePoint);
        return out.length() < text.length() ? out.append('…').toString() : out.toString();
    }

    private static boolean isSurrogate(int c) {
        return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    }
}
