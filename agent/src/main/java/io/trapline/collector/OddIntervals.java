package io.trapline.collector;

import io.trapline.config.Durations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Intervals that collectors' files set to something that is none, as far as their text says so:
/// nothing is run. What is computed is not seen; `try` and the agent see that too.
public final class OddIntervals {
    private static final Pattern LONG_TEXT =
            Pattern.compile("(?s)(\"\"\"|''')(?:\\\\.|(?!\\1).)*+\\1");
    private static final Pattern LINE = Pattern.compile("([ \\t]*)(\\S.*)");
    private static final Pattern CLASS =
            Pattern.compile("class[ \\t]+(\\w+)[ \\t]*\\([ \\t]*\\S.*");
    private static final Pattern FUNCTION = Pattern.compile("(?:async[ \\t]+)?def[ \\t]+\\w.*");
    private static final Pattern INTERVAL =
            Pattern.compile("(self\\.)?interval[ \\t]*(?::[^=]*)?=(?!=)[ \\t]*(.*)");
    private static final Pattern TEXT =
            Pattern.compile("[rbuRBU]?(?:\"([^\"\\\\]*)\"|'([^'\\\\]*)')[ \\t]*(?:#.*)?");
    private static final Pattern OTHER =
            Pattern.compile("(None|True|False|[-+]?[\\d_]*\\.?[\\d_]*)[ \\t]*(?:#.*)?");

    /// @param line counted from 1
    /// @param message what is odd, and what comes of it
    public record Odd(Path file, int line, String message) {}

    private record Block(int indent, boolean isClass, String name) {}

    private OddIntervals() {}

    public static List<Odd> in(Path file) {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return List.of(); // whoever loads it says so
        }
        List<Odd> odd = new ArrayList<>();
        if (!text.contains("DataKitFramework")) {
            return odd;
        }
        String code = LONG_TEXT.matcher(text).replaceAll(each -> "\n".repeat(lines(each.group())));
        Deque<Block> blocks = new ArrayDeque<>();
        int number = 0;
        for (String each : code.split("\n", -1)) {
            number++;
            Matcher line = LINE.matcher(each.stripTrailing());
            if (!line.matches() || line.group(2).startsWith("#")) {
                continue;
            }
            int indent = line.group(1).length();
            while (!blocks.isEmpty() && blocks.peek().indent() >= indent) {
                blocks.pop();
            }
            Matcher opened = CLASS.matcher(line.group(2));
            if (opened.matches()) {
                blocks.push(new Block(indent, true, opened.group(1)));
            } else if (FUNCTION.matcher(line.group(2)).matches()) {
                blocks.push(new Block(indent, false, ""));
            } else {
                String why = why(line.group(2), blocks);
                if (!why.isEmpty()) {
                    odd.add(new Odd(file, number, why));
                }
            }
        }
        return odd;
    }

    private static int lines(String text) {
        return (int) text.chars().filter(c -> c == '\n').count();
    }

    private static String why(String line, Deque<Block> blocks) {
        Matcher set = INTERVAL.matcher(line);
        if (!set.matches() || blocks.isEmpty()) {
            return "";
        }
        boolean own = set.group(1) != null;
        String name =
                blocks.stream().filter(Block::isClass).map(Block::name).findFirst().orElse("");
        if (name.isEmpty() || (!own && !blocks.element().isClass())) {
            return "";
        }
        String value = set.group(2);
        Matcher text = TEXT.matcher(value);
        Matcher other = OTHER.matcher(value);
        boolean odd =
                text.matches()
                        ? !isInterval(text.group(1) == null ? text.group(2) : text.group(1))
                        : other.matches() && !isPositive(other.group(1));
        return odd
                ? "collector "
                        + name
                        + ": interval = "
                        + value.replaceFirst("[ \\t]*#.*", "")
                        + " is neither a number of seconds nor a duration such as \"1m30s\", so it"
                        + " runs every 10 s"
                : "";
    }

    private static boolean isInterval(String text) {
        if (isPositive(text.strip())) {
            return true;
        }
        try {
            return Durations.parse(text).isPositive();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isPositive(String number) {
        if (number.equals("True")) {
            return true; // one second, in Python
        }
        try {
            double seconds = Double.parseDouble(number.replace("_", ""));
            return seconds > 0 && Double.isFinite(seconds);
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
