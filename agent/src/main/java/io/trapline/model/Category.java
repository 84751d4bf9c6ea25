package io.trapline.model;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The kind of a point. `word` is the one in `/v1/write/<word>` and in the store's `category`
/// column; `key` is the one in a collector's `report({"M": …})`.
///
/// Source: `contracts/datakit.md` sections 2.2 and 3.2. The first six are a report's keys, in the
/// order in which a report is taken.
public enum Category {
    METRIC("metric", "M"),
    LOGGING("logging", "L"),
    RUM("rum", "R"),
    OBJECT("object", "O"),
    CUSTOM_OBJECT("custom_object", "CO"),
    KEYEVENT("keyevent", "E"),
    NETWORK("network", "N"),
    TRACING("tracing", "T"),
    SECURITY("security", "S");

    private static final Map<String, Category> BY_WORD =
            Stream.of(values()).collect(Collectors.toMap(Category::word, Function.identity()));

    private final String word;
    private final String key;

    Category(String word, String key) {
        this.word = word;
        this.key = key;
    }

    public String word() {
        return word;
    }

    public String key() {
        return key;
    }

    /// Case counts, as upstream: `Metric` is no category.
    public static Optional<Category> ofWord(String word) {
        return Optional.ofNullable(BY_WORD.get(word));
    }
}
