package io.trapline.forward;

import io.trapline.config.ConfTable;
import java.net.URI;
import java.util.Objects;
import java.util.Optional;

/// One `[[outputs.core]]` block: another Trapline, which gets everything as it is, once.
///
/// @param token that core's `[core] token`; never shown by [#toString]
/// @param maxBatchBytes of a request's frames, before compression; a larger frame goes alone
public record CoreOutputSettings(OutputBasics basics, URI url, String token, int maxBatchBytes)
        implements OutputSettings {
    static final int DEFAULT_BATCH_BYTES = 4 << 20;
    static final String PATH = "/v1/batches";
    private static final String ADDRESS = "an address such as \"http://10.0.0.1:10205\"";

    public CoreOutputSettings {
        Objects.requireNonNull(token, "token");
    }

    /// Reads one block; empty when something needed is missing or wrong, which is reported.
    static Optional<CoreOutputSettings> read(ConfTable core) {
        int before = core.problems().errors();
        OutputBasics basics = OutputBasics.read(core);
        core.require("url", ADDRESS);
        Optional<URI> url = core.parsed("url", ADDRESS, text -> Addresses.complete(text, PATH));
        core.require("token", "text, the [core] token of that core");
        String token = core.secret("token", "text").orElse("");
        if (token.isEmpty() && core.problems().errors() == before) {
            core.error("token", "empty, so no core can take it; accepted: text");
        }
        int bytes =
                core.size("max_batch_bytes", 1024, 16 << 20)
                        .map(Math::toIntExact)
                        .orElse(DEFAULT_BATCH_BYTES);
        core.done();
        return core.problems().errors() == before
                ? Optional.of(new CoreOutputSettings(basics, url.orElseThrow(), token, bytes))
                : Optional.empty();
    }

    @Override
    public String kind() {
        return "core";
    }

    @Override
    public String shownAddress() {
        return url.toString();
    }

    @Override
    public String toString() {
        return "CoreOutputSettings[name=%s, url=%s, enabled=%b]"
                .formatted(name(), url, basics.enabled());
    }
}
