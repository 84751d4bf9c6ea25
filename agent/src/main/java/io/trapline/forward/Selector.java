package io.trapline.forward;

import io.trapline.config.ConfTable;
import io.trapline.model.Category;
import io.trapline.model.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// One table of `include` or `exclude`: matches what fits every list that is not empty; within a
/// list one glob must fit.
///
/// @param inputs the part `<input>` of `pythond/<input>/…` and `http/<input>`
/// @param sources the whole source
/// @param categories words such as `metric` and `logging`; `run` and `check_state` as well
/// @param names of a metric, `cpu.usage` or its measurement `cpu` alone; of a record
/// @param tags each must be there with a value that fits
public record Selector(
        List<Glob> inputs,
        List<Glob> sources,
        List<String> categories,
        List<Glob> names,
        Map<String, Glob> tags) {
    static final String RUN = "run";
    static final String CHECK_STATE = "check_state";

    public Selector {
        inputs = List.copyOf(inputs);
        sources = List.copyOf(sources);
        categories = List.copyOf(categories);
        names = List.copyOf(names);
        tags = Map.copyOf(tags);
    }

    static Optional<Selector> read(ConfTable table) {
        int before = table.problems().errors();
        List<Glob> inputs = globs(table, "inputs", "names of inputs");
        List<Glob> sources = globs(table, "sources", "sources such as \"pythond/*\"");
        List<String> categories =
                table.texts("categories", "words such as \"metric\" or \"logging\"")
                        .orElse(List.of());
        for (String word : categories) {
            if (Category.ofWord(word).isEmpty() && !word.equals(RUN) && !word.equals(CHECK_STATE)) {
                table.error(
                        "categories",
                        "\"" + word + "\" is none; accepted: " + String.join(", ", words()));
            }
        }
        List<Glob> names = globs(table, "names", "names such as \"cpu.*\"");
        Map<String, Glob> tags = new TreeMap<>();
        table.textTable("tags")
                .orElse(Map.of())
                .forEach((key, value) -> tags.put(key, new Glob(value)));
        table.done();
        return table.problems().errors() == before
                ? Optional.of(new Selector(inputs, sources, categories, names, tags))
                : Optional.empty();
    }

    private static List<Glob> globs(ConfTable table, String key, String accepted) {
        return table.texts(key, "a list of " + accepted).orElse(List.of()).stream()
                .map(Glob::new)
                .toList();
    }

    private static List<String> words() {
        List<String> words = new ArrayList<>();
        for (Category category : Category.values()) {
            words.add(category.word());
        }
        words.add(RUN);
        words.add(CHECK_STATE);
        return words;
    }

    boolean matches(
            String source, String category, String name, String metric, List<Tag> entryTags) {
        return (categories.isEmpty() || categories.contains(category))
                && (sources.isEmpty() || any(sources, source))
                && (inputs.isEmpty() || any(inputs, input(source)))
                && (names.isEmpty() || any(names, name) || any(names, metric))
                && hasTags(entryTags);
    }

    private boolean hasTags(List<Tag> entryTags) {
        for (Map.Entry<String, Glob> wanted : tags.entrySet()) {
            if (entryTags.stream()
                    .noneMatch(tag ->
                            tag.key().equals(wanted.getKey())
                                    && wanted.getValue().matches(tag.value()))) {
                return false;
            }
        }
        return true;
    }

    private static boolean any(List<Glob> globs, String text) {
        for (Glob glob : globs) {
            if (glob.matches(text)) {
                return true;
            }
        }
        return false;
    }

    /// Empty when nothing of an input's reported it.
    private static String input(String source) {
        String[] parts = source.split("/", -1);
        return parts.length > 1 && (parts[0].equals("pythond") || parts[0].equals("http"))
                ? parts[1]
                : "";
    }
}
