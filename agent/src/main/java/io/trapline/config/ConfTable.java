package io.trapline.config;

import io.trapline.config.Problem.Severity;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.tomlj.TomlArray;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/// One table of a configuration file. Asking for a key makes it a known one; [#done] reports those
/// that nobody asked for. A value that does not fit is reported and answered as absent, so that the
/// reader goes on and all problems come together. One thread at a time.
public final class ConfTable {
    private static final int MAX_SHOWN = 60;
    private static final int MAX_LISTED = 24;

    private final TomlTable table;
    private final String path;
    private final boolean element;
    private final int line;
    private final Source source;
    private final Set<String> known = new TreeSet<>();
    private final Map<String, String> hints = new LinkedHashMap<>();
    private final Map<String, UnaryOperator<String>> hidden = new HashMap<>();

    private record Source(Path file, Problems problems, Secrets secrets, Severity unknownKeys) {}

    private ConfTable(TomlTable table, String path, boolean element, int line, Source source) {
        this.table = table;
        this.path = path;
        this.element = element;
        this.line = line;
        this.source = source;
    }

    static ConfTable root(
            TomlTable table, Path file, Problems problems, Secrets secrets, Severity unknownKeys) {
        return new ConfTable(table, "", false, 0, new Source(file, problems, secrets, unknownKeys));
    }

    public Path file() {
        return source.file;
    }

    public Problems problems() {
        return source.problems;
    }

    /// The line of the table's header.
    public int line() {
        return line;
    }

    public int lineOf(String key) {
        return table.contains(List.of(key)) ? position(key) : line;
    }

    public boolean has(String key) {
        known.add(key);
        return table.contains(List.of(key));
    }

    public boolean isText(String key) {
        return value(key) instanceof String;
    }

    public Set<String> keys() {
        return table.keySet();
    }

    public Optional<String> text(String key, String accepted) {
        return parsed(key, accepted, Function.identity());
    }

    /// A text that no message shows.
    public Optional<String> secret(String key, String accepted) {
        hidden.put(key, _ -> "(hidden)");
        return text(key, accepted);
    }

    /// A text that messages show without the secret part of it.
    ///
    /// @param without takes that part away
    public Optional<String> secretWithin(
            String key, String accepted, UnaryOperator<String> without) {
        hidden.put(key, text -> quoted(without.apply(text)).replace("\\u2026", "…"));
        return text(key, accepted);
    }

    /// A text that `parser` turns into a value, or refuses with an [IllegalArgumentException] whose
    /// message says what is wrong with it.
    public <T> Optional<T> parsed(String key, String accepted, Function<String, T> parser) {
        Object value = value(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof String raw)) {
            wrong(key, accepted);
            return Optional.empty();
        }
        return resolve(key, raw)
                .flatMap(text -> {
                    try {
                        return Optional.of(parser.apply(text));
                    } catch (IllegalArgumentException e) {
                        String what =
                                Secrets.usedIn(raw) || hidden.containsKey(key)
                                        ? "its content does not fit"
                                        : e.getMessage();
                        error(key, what + "; accepted: " + accepted);
                        return Optional.empty();
                    }
                });
    }

    /// A text that is one of the keys of `choices`.
    public <T> Optional<T> choice(String key, Map<String, T> choices) {
        String accepted = quotedList(new TreeSet<>(choices.keySet()));
        return parsed(
                key,
                accepted,
                text -> {
                    T found = choices.get(text);
                    if (found == null) {
                        throw new IllegalArgumentException("unknown value");
                    }
                    return found;
                });
    }

    public Optional<Boolean> flag(String key) {
        Object value = value(key);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof Boolean flag) {
            return Optional.of(flag);
        }
        wrong(key, "true or false");
        return Optional.empty();
    }

    public Optional<Long> integer(String key, long min, long max) {
        Object value = value(key);
        String accepted = "an integer" + range(min, max);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof Long number)) {
            wrong(key, accepted);
            return Optional.empty();
        }
        return inRange(key, number, min, max, accepted);
    }

    /// An integer or a decimal number.
    public Optional<Double> number(String key, double min, double max) {
        Object value = value(key);
        if (value == null) {
            return Optional.empty();
        }
        String accepted = "a number from " + plain(min) + " to " + plain(max);
        if (!(value instanceof Long || value instanceof Double)) {
            wrong(key, accepted);
            return Optional.empty();
        }
        double number = ((Number) value).doubleValue();
        if (!(number >= min && number <= max)) {
            error(key, "out of range; accepted: " + accepted);
            return Optional.empty();
        }
        return Optional.of(number);
    }

    public Optional<Duration> duration(String key, Duration min, Duration max) {
        String accepted =
                "a duration from "
                        + Durations.format(min)
                        + " to "
                        + Durations.format(max)
                        + ", such as \"60s\", \"1m30s\" or \"7d\"";
        Optional<Duration> found = parsed(key, accepted, Durations::parse);
        if (found.isPresent()
                && (found.get().compareTo(min) < 0 || found.get().compareTo(max) > 0)) {
            error(key, "out of range; accepted: " + accepted);
            return Optional.empty();
        }
        return found;
    }

    /// Bytes: a text with a unit or an integer.
    public Optional<Long> size(String key, long min, long max) {
        String accepted =
                "a size from "
                        + Sizes.format(min)
                        + (max == Long.MAX_VALUE ? "" : " to " + Sizes.format(max))
                        + ", such as \"2GiB\", \"512MB\" or \"64k\"";
        Optional<Long> bytes =
                value(key) instanceof Long number
                        ? Optional.of(number)
                        : parsed(key, accepted, Sizes::parse);
        return bytes.flatMap(number -> inRange(key, number, min, max, accepted));
    }

    public Optional<HostPort> endpoint(String key) {
        return parsed(
                key,
                "an IP address or localhost with a port, such as \"127.0.0.1:9529\" or"
                        + " \"[::1]:9529\" (port 0: any free one)",
                HostPort::parse);
    }

    /// A file or directory; a relative path starts at the home directory.
    public Optional<Path> path(String key, String accepted) {
        return parsed(
                key,
                accepted,
                text -> {
                    if (text.isBlank()) {
                        throw new IllegalArgumentException("empty");
                    }
                    return source.secrets.resolvePath(text.strip()).normalize();
                });
    }

    /// A list of texts.
    public Optional<List<String>> texts(String key, String accepted) {
        Object value = value(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof TomlArray array)) {
            wrong(key, accepted);
            return Optional.empty();
        }
        List<String> texts = new ArrayList<>();
        boolean good = true;
        for (int i = 0; i < array.size(); i++) {
            Optional<String> text = Optional.empty();
            if (array.get(i) instanceof String raw) {
                text = resolve(key, raw);
            } else {
                add(
                        Severity.ERROR,
                        lineOf(array, i),
                        name(key)
                                + ": item "
                                + (i + 1)
                                + " is "
                                + shown(array.get(i))
                                + ", "
                                + kind(array.get(i))
                                + "; accepted: "
                                + accepted);
            }
            good &= text.isPresent();
            text.ifPresent(texts::add);
        }
        return good ? Optional.of(texts) : Optional.empty();
    }

    /// A table whose keys are the user's own and whose values are texts, in the file's order.
    public Optional<Map<String, String>> textTable(String key) {
        Object value = value(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof TomlTable)) {
            wrong(key, "a table of texts, such as { team = \"db\" }");
            return Optional.empty();
        }
        ConfTable texts = section(key);
        Map<String, String> entries = new LinkedHashMap<>();
        boolean good = true;
        for (String name : texts.keys()) {
            Optional<String> text = texts.text(name, "text in quotes");
            good &= text.isPresent();
            text.ifPresent(found -> entries.put(name, found));
        }
        return good ? Optional.of(entries) : Optional.empty();
    }

    /// A sub-table; one without keys when it is absent or no table (which is reported).
    public ConfTable section(String key) {
        Object value = value(key);
        if (value instanceof TomlTable found) {
            return new ConfTable(found, join(key), false, position(key), source);
        }
        if (value != null) {
            wrong(key, "a section, [" + join(key) + "]");
        }
        return new ConfTable(org.tomlj.Toml.parse(""), join(key), false, line, source);
    }

    /// The tables of `[[key]]`, or the single one of `[key]`.
    public List<ConfTable> sections(String key) {
        Object value = value(key);
        if (value instanceof TomlTable) {
            return List.of(section(key));
        }
        List<ConfTable> sections = new ArrayList<>();
        if (value instanceof TomlArray array) {
            for (int i = 0; i < array.size(); i++) {
                int at = lineOf(array, i);
                if (array.get(i) instanceof TomlTable found) {
                    sections.add(new ConfTable(found, join(key), true, at, source));
                } else {
                    add(
                            Severity.ERROR,
                            at,
                            name(key)
                                    + ": item "
                                    + (i + 1)
                                    + " is "
                                    + kind(array.get(i))
                                    + "; accepted: a table");
                }
            }
        } else if (value != null) {
            wrong(key, "tables, each under [[" + join(key) + "]]");
        }
        return sections;
    }

    /// Reports a required key as missing when it is not there.
    public void require(String key, String accepted) {
        if (!has(key)) {
            add(Severity.ERROR, line, name(key) + ": missing; accepted: " + accepted);
        }
    }

    /// Makes keys known without reading them; answers the full names of those that are there.
    public List<String> passOver(String... keys) {
        return Stream.of(keys).filter(this::has).map(this::join).toList();
    }

    /// What to say, instead of the nearest known key, when an unknown key is found.
    public void hint(String key, String advice) {
        hints.put(key, advice);
    }

    public void error(String key, String message) {
        add(Severity.ERROR, lineOf(key), found(key) + ": " + message);
    }

    /// An error that `check-config` and a reload refuse, and that does not keep an agent from
    /// starting.
    public void survivableError(String key, String message) {
        source.problems.addSurvivable(source.file, lineOf(key), found(key) + ": " + message);
    }

    public void warn(String key, String message) {
        add(Severity.WARNING, lineOf(key), found(key) + ": " + message);
    }

    /// Reports every key that nobody asked for.
    public void done() {
        for (String key : table.keySet()) {
            if (!known.contains(key)) {
                String what =
                        hints.getOrDefault(
                                key,
                                Nearest.close(key, hints.keySet())
                                        .map(word -> hints.getOrDefault(word, ""))
                                        .orElse(""));
                if (what.isEmpty()) {
                    what = Nearest.of(key, known).map(near -> "nearest known: " + near).orElse("");
                    what += known.size() <= MAX_LISTED ? known() : "";
                }
                add(source.unknownKeys, position(key), name(key) + ": unknown key; " + what);
            }
        }
    }

    private String known() {
        return known.size() < 2 ? "" : " (known: " + String.join(", ", known) + ")";
    }

    private @Nullable Object value(String key) {
        known.add(key);
        return table.get(List.of(key));
    }

    private int position(String key) {
        return Objects.requireNonNull(table.inputPositionOf(List.of(key))).line();
    }

    private int lineOf(TomlArray array, int index) {
        TomlPosition position = array.inputPositionOf(index);
        return position == null ? line : position.line();
    }

    private Optional<String> resolve(String key, String raw) {
        try {
            return Optional.of(source.secrets.resolve(raw));
        } catch (IllegalArgumentException e) {
            add(Severity.ERROR, lineOf(key), name(key) + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Long> inRange(String key, long number, long min, long max, String accepted) {
        if (number < min || number > max) {
            error(key, "out of range; accepted: " + accepted);
            return Optional.empty();
        }
        return Optional.of(number);
    }

    private void wrong(String key, String accepted) {
        error(key, kind(table.get(List.of(key))) + "; accepted: " + accepted);
    }

    private void add(Severity severity, int at, String message) {
        source.problems.add(severity, source.file, at, message);
    }

    private String join(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private String name(String key) {
        if (path.isEmpty()) {
            return table.get(List.of(key)) instanceof TomlTable ? "[" + key + "]" : key;
        }
        return (element ? "[[" + path + "]] " : "[" + path + "] ") + key;
    }

    /// The key with what stands there; a resolved secret is never shown, only its raw form.
    private String found(String key) {
        Object value = table.get(List.of(key));
        if (value == null || value instanceof TomlTable || value instanceof TomlArray) {
            return name(key);
        }
        @Nullable UnaryOperator<String> masked = hidden.get(key);
        return name(key)
                + " = "
                + (masked == null ? shown(value) : masked.apply(String.valueOf(value)));
    }

    private static String shown(Object value) {
        return switch (value) {
            case String text -> quoted(text);
            case TomlTable _, TomlArray _ -> kind(value);
            default -> value.toString();
        };
    }

    private static String kind(@Nullable Object value) {
        return switch (value) {
            case String _ -> "text";
            case Long _ -> "an integer";
            case Double _ -> "a decimal number";
            case Boolean _ -> "a boolean";
            case TomlArray _ -> "a list";
            case TomlTable _ -> "a table";
            case null, default -> "a date or time";
        };
    }

    private static String quoted(String text) {
        String shown = text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "…" : text;
        return "\"" + org.tomlj.Toml.tomlEscape(shown) + "\"";
    }

    private static String quotedList(Collection<String> words) {
        return String.join(", ", words.stream().map(ConfTable::quoted).toList());
    }

    private static String range(long min, long max) {
        if (min == Long.MIN_VALUE && max == Long.MAX_VALUE) {
            return "";
        }
        return max == Long.MAX_VALUE ? " from " + min : " from " + min + " to " + max;
    }

    private static String plain(double number) {
        return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
    }
}
