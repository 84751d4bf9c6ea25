package io.trapline.forward;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Names for a receiver that takes ASCII letters, digits and `_`: no two things get the same one.
///
/// The first to want a name has it for good, also after a restart; the next gets it with `_2`, and
/// so on. Of those that come together, in one item, what is called so here has it before others,
/// and of these the first by the order of characters: in which order an item has them changes
/// nothing. Beyond [#MOST] names nothing is remembered any more; names that are new then end with a
/// hash of the original unless they are plain. One thread at a time.
final class PlainNames {
    /// Twice what a Trapline takes from one registration.
    static final int MOST = 20_000;

    private final GivenName.Kind kind;
    private final Map<String, String> names = new HashMap<>();
    private final Map<String, String> owners = new HashMap<>();
    private final Set<String> reserved;

    /// @param given before, of any kind
    /// @param reserved what nothing may be called
    PlainNames(GivenName.Kind kind, List<GivenName> given, Set<String> reserved) {
        this.kind = kind;
        this.reserved = Set.copyOf(reserved);
        for (GivenName one : given) {
            if (one.kind() == kind && !reserved.contains(one.name())) {
                names.put(one.original(), one.name());
                owners.put(one.name(), one.original());
            }
        }
    }

    /// The names of what comes together, in the order of `originals`; those that are new are kept.
    Map<String, String> of(Collection<String> originals, Encoding out) {
        Map<String, String> all = LinkedHashMap.newLinkedHashMap(originals.size());
        List<String> fresh = new ArrayList<>(0);
        for (String original : originals) {
            String known = names.get(original);
            all.put(original, known == null ? "" : known);
            if (known == null) {
                fresh.add(original);
            }
        }
        fresh.sort(
                Comparator.comparing((String original) -> !isItsOwn(original))
                        .thenComparing(Comparator.naturalOrder()));
        for (String original : fresh) {
            all.put(original, give(original, out));
        }
        return all;
    }

    private String give(String original, Encoding out) {
        String plain = PushMapping.plainName(original);
        if (names.size() >= MOST) {
            return isItsOwn(original) && isFree(plain) ? plain : ShortText.apart(plain, original);
        }
        String name = plain;
        for (int i = 2; !isFree(name); i++) {
            name = plain + "_" + i;
        }
        names.put(original, name);
        owners.put(name, original);
        out.keep(new GivenName(kind, original, name));
        return name;
    }

    private boolean isFree(String name) {
        return !owners.containsKey(name) && !reserved.contains(name);
    }

    private boolean isItsOwn(String original) {
        return PushMapping.plainName(original).equals(original) && !reserved.contains(original);
    }
}
