package io.trapline.ingest.push;

import java.util.ArrayList;
import java.util.List;

/// The first few warnings of a request and how many more there were.
final class PushWarnings {
    private static final int KEPT = 10;

    private final List<String> kept = new ArrayList<>(0);
    private int more;

    void add(String warning) {
        if (kept.size() < KEPT) {
            kept.add(warning);
        } else {
            more++;
        }
    }

    List<String> toList() {
        if (more > 0) {
            kept.add("and " + more + " more");
            more = 0;
        }
        return kept;
    }
}
