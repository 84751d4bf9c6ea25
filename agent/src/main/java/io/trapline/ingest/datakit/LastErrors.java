package io.trapline.ingest.datakit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The last error that each input reported with `POST /v1/lasterror`; the oldest go when there are
/// over a thousand. Any thread may call it.
public final class LastErrors {
    private static final int MAX = 1000;
    private static final int MAX_TEXT = 64 << 10;

    private final Map<String, LastError> errors = new LinkedHashMap<>();

    /// @param atNs nanoseconds since 1970
    public record LastError(String input, String source, String text, long atNs) {}

    synchronized void put(LastError error) {
        String text = error.text();
        LastError kept =
                text.length() <= MAX_TEXT
                        ? error
                        : new LastError(
                                error.input(),
                                error.source(),
                                text.substring(0, MAX_TEXT),
                                error.atNs());
        String key = error.input() + '\0' + error.source();
        errors.remove(key);
        errors.put(key, kept);
        if (errors.size() > MAX) {
            errors.remove(errors.keySet().iterator().next());
        }
    }

    /// The newest last.
    public synchronized List<LastError> all() {
        return List.copyOf(errors.values());
    }
}
