package io.trapline.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trapline.fuzz.Promises;
import io.trapline.fuzz.Stretch;
import io.trapline.model.Tag;
import java.util.List;
import java.util.function.Predicate;

/// A tag query is refused, or answers for every list of tags, and so do queries made of it.
public final class TagQueryFuzz {
    private static final List<List<Tag>> TAGS =
            List.of(
                    List.of(),
                    List.of(new Tag("env", "prod")),
                    List.of(new Tag("a", "b"), new Tag("le", "+Inf"), new Tag("__name", "x.y.z")),
                    List.of(new Tag("long", "ab".repeat(128))),
                    List.of(new Tag("ä", "\n"), new Tag("a", "")));

    private TagQueryFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        String text = new String(Stretch.of(data), UTF_8);
        Predicate<List<Tag>> query;
        try {
            query = TagQuery.parse(text);
        } catch (IllegalArgumentException e) {
            Promises.holds(e.getMessage() != null, "a refusal without a reason");
            return;
        }
        for (List<Tag> tags : TAGS) {
            boolean answer = query.test(tags);
            Promises.same(answer, inside("and(", text, tags, answer), "and(…) of it");
            Promises.same(answer, inside("or( ", text, tags, answer), "or(…) of it");
            Promises.same(!answer, inside("not(", text, tags, !answer), "not(…) of it");
        }
    }

    private static boolean inside(String operation, String text, List<Tag> tags, boolean deep) {
        try {
            return TagQuery.parse(operation + text + ")").test(tags);
        } catch (IllegalArgumentException e) {
            // The only thing that may be wrong with it.
            if (String.valueOf(e.getMessage()).contains("levels")
                    || String.valueOf(e.getMessage()).contains("characters")) {
                return deep;
            }
            throw e;
        }
    }
}
