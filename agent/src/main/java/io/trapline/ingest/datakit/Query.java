package io.trapline.ingest.datakit;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/// A query string as its first values; a pair that cannot be decoded is left out, as upstream.
final class Query {
    private Query() {}

    static Map<String, String> parse(String raw) {
        Map<String, String> values = new LinkedHashMap<>();
        int from = 0;
        while (from < raw.length()) {
            int end = raw.indexOf('&', from);
            end = end < 0 ? raw.length() : end;
            int equals = raw.indexOf('=', from);
            int keyEnd = equals < 0 || equals > end ? end : equals;
            try {
                String key = decode(raw.substring(from, keyEnd));
                String value = decode(raw.substring(Math.min(keyEnd + 1, end), end));
                if (end > from) {
                    values.putIfAbsent(key, value);
                }
            } catch (IllegalArgumentException _) {
                // A bad percent sequence loses its pair alone.
            }
            from = end + 1;
        }
        return values;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
