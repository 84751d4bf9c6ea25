package io.trapline.ingest.trap;

import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/// One HTTPTrap registration, as far as a submission needs it.
///
/// @param module `httptrap`; a check of another kind answers 404
/// @param secret empty = every request is answered with 403
/// @param period from 1 s to 300 s
/// @param async samples are stored when they arrive, not at the end of the period
/// @param delimiter joins the levels of a name: one character
/// @param corsOrigin searched in the `Origin` header; absent = every origin
/// @param tagset a tag block such as `|ST[dc:1]` for every stream; empty = none
/// @param histogramMetrics names without tags whose numbers are samples of a histogram
/// @param guessTypes texts that look like numbers become numbers
/// @param rate requests in any 60 s; 0 = no limit
/// @param filters absent = everything is stored; a list without a matching rule = nothing is
public record TrapCheck(
        UUID id,
        String module,
        String secret,
        String name,
        String target,
        Duration period,
        boolean async,
        String delimiter,
        Optional<Pattern> corsOrigin,
        String tagset,
        Set<String> histogramMetrics,
        boolean guessTypes,
        int rate,
        Optional<List<TrapRule>> filters) {
    public TrapCheck {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(secret, "secret");
        if (delimiter.codePointCount(0, delimiter.length()) != 1) {
            throw new IllegalArgumentException("delimiter must be one character: " + delimiter);
        }
        histogramMetrics = Collections.unmodifiableSet(new HashSet<>(histogramMetrics));
        filters = filters.map(List::copyOf);
    }

    /// `trap/<uuid>`.
    public String source() {
        return "trap/" + id;
    }

    /// Without the secret, which must not reach a log.
    @Override
    public String toString() {
        return "TrapCheck[id=" + id + ", name=" + name + ", async=" + async + "]";
    }
}
