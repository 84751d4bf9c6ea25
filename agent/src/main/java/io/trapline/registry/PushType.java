package io.trapline.registry;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What the items of a push registration are.
public enum PushType {
    TIME_SERIES("time_series"),
    EVENT("event");

    private static final Map<String, PushType> BY_WORD =
            Stream.of(values()).collect(Collectors.toMap(PushType::word, Function.identity()));

    private final String word;

    PushType(String word) {
        this.word = word;
    }

    /// As files and requests spell it.
    public String word() {
        return word;
    }

    public static Optional<PushType> ofWord(String word) {
        return Optional.ofNullable(BY_WORD.get(word));
    }
}
