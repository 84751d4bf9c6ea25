package io.trapline.forward;

import java.util.HashSet;
import java.util.Set;

/// The streams and milliseconds of the last values, to see one that comes again. Of those that are
/// longer ago than [#GENERATION] others nothing is known. One thread at a time.
final class Recent {
    static final int GENERATION = 32_768;

    private Set<Long> young = new HashSet<>();
    private Set<Long> old = Set.of();

    boolean isNew(String stream, boolean histogram, long ms) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < stream.length(); i++) {
            hash = (hash ^ stream.charAt(i)) * 0x100000001b3L;
        }
        hash = (hash ^ (histogram ? 1 : 0)) * 0x100000001b3L;
        hash = (hash ^ ms) * 0x9e3779b97f4a7c15L;
        boolean known = old.contains(hash);
        if (young.size() == GENERATION) {
            old = young;
            young = new HashSet<>();
        }
        return young.add(hash) && !known;
    }
}
