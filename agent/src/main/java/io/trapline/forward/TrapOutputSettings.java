package io.trapline.forward;

import io.trapline.config.ConfTable;
import java.net.URI;
import java.util.Optional;

/// One `[[outputs.trap]]` block: a Circonus check, or another Trapline's.
///
/// @param url the submission URL, whose last segment is the check's secret: shown by no message
/// @param maxBatchBytes of a document, before compression
/// @param asciiNames whether names beyond ASCII get one within it: a Circonus broker blanks them,
///   byte by byte
public record TrapOutputSettings(
        OutputBasics basics, URI url, int maxBatchBytes, boolean asciiNames)
        implements OutputSettings {
    static final int DEFAULT_BATCH_BYTES = 1 << 20;
    private static final String ADDRESS =
            "a submission URL, https://HOST/module/httptrap/CHECK-ID/SECRET";

    /// Reads one block; empty when something needed is missing or wrong, which is reported.
    static Optional<TrapOutputSettings> read(ConfTable trap) {
        int before = trap.problems().errors();
        OutputBasics basics = OutputBasics.read(trap);
        trap.require("url", ADDRESS);
        Optional<String> text = trap.secret("url", ADDRESS);
        Optional<URI> url = Optional.empty();
        if (text.isPresent()) {
            try {
                url = Optional.of(submission(text.get()));
            } catch (IllegalArgumentException e) {
                trap.error("url", e.getMessage() + "; accepted: " + ADDRESS);
            }
        }
        int bytes =
                trap.size("max_batch_bytes", 1024, 64 << 20)
                        .map(Math::toIntExact)
                        .orElse(DEFAULT_BATCH_BYTES);
        boolean asciiNames = trap.flag("ascii_names").orElse(false);
        trap.done();
        return trap.problems().errors() == before
                ? Optional.of(new TrapOutputSettings(basics, url.orElseThrow(), bytes, asciiNames))
                : Optional.empty();
    }

    private static URI submission(String text) {
        URI url = Addresses.complete(text, "/");
        if (url.getRawPath().equals("/")) {
            throw new IllegalArgumentException("no path");
        }
        return url;
    }

    @Override
    public String kind() {
        return "trap";
    }

    @Override
    public String shownAddress() {
        return Addresses.withoutPath(url) + "/…";
    }

    @Override
    public String toString() {
        return "TrapOutputSettings[name=%s, url=%s, enabled=%b]"
                .formatted(name(), shownAddress(), basics.enabled());
    }
}
