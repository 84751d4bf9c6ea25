package io.trapline.config;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `$NAME` and `${NAME}` in the text of an input file.
final class Variables {
    private static final Pattern USE =
            Pattern.compile("\\$(?:\\{([A-Za-z_][A-Za-z0-9_]*)}|([A-Za-z_][A-Za-z0-9_]*))");

    private Variables() {}

    /// Puts in the value of each variable that is set; the others stay as they are written.
    static String replace(String text, Map<String, String> environment) {
        return USE.matcher(text)
                .replaceAll(use -> {
                    String name = use.group(1) != null ? use.group(1) : use.group(2);
                    String value = environment.get(name);
                    return Matcher.quoteReplacement(value != null ? value : use.group());
                });
    }
}
