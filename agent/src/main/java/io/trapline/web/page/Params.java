package io.trapline.web.page;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/// What an address or a form says after its `?`; of a key given twice the first counts. Made into
/// addresses again by [#with], so that a page's links keep what was chosen.
record Params(Map<String, String> values) {
    Params {
        values = new LinkedHashMap<>(values);
    }

    static Params parse(String raw) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String part : raw.split("&")) {
            int equals = part.indexOf('=');
            if (equals > 0) {
                values.putIfAbsent(
                        decode(part.substring(0, equals)), decode(part.substring(equals + 1)));
            }
        }
        return new Params(values);
    }

    String get(String key) {
        return values.getOrDefault(key, "");
    }

    String get(String key, String otherwise) {
        String value = get(key);
        return value.isEmpty() ? otherwise : value;
    }

    long number(String key, long otherwise) {
        try {
            return Long.parseLong(get(key));
        } catch (NumberFormatException _) {
            return otherwise;
        }
    }

    /// The same with one value changed; an empty one takes it out.
    Params with(String key, String value) {
        Params changed = new Params(values);
        if (value.isEmpty()) {
            changed.values.remove(key);
        } else {
            changed.values.put(key, value);
        }
        return changed;
    }

    /// `path?a=b&c=d`
    String at(String path) {
        StringBuilder out = new StringBuilder(path);
        char sign = '?';
        for (Map.Entry<String, String> entry : values.entrySet()) {
            if (!entry.getValue().isEmpty()) {
                out.append(sign).append(encode(entry.getKey()));
                out.append('=').append(encode(entry.getValue()));
                sign = '&';
            }
        }
        return out.toString();
    }

    static Params of(String... keysAndValues) {
        Params params = new Params(Map.of());
        for (int i = 0; i < keysAndValues.length; i += 2) {
            params = params.with(keysAndValues[i], keysAndValues[i + 1]);
        }
        return params;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException _) {
            return text;
        }
    }
}
