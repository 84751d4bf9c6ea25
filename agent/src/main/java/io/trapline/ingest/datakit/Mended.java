package io.trapline.ingest.datakit;

import io.trapline.pipeline.Decoded.Warning;
import java.util.ArrayList;
import java.util.List;

/// What a parser had to mend. A hostile body could make a warning a point; more than the first
/// [#MOST] nobody reads.
final class Mended {
    static final int MOST = 10_000;

    private final List<Warning> warnings = new ArrayList<>();

    void add(Warning warning) {
        if (warnings.size() < MOST) {
            warnings.add(warning);
        }
    }

    List<Warning> list() {
        return warnings;
    }
}
