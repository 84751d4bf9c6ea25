package io.trapline.registry;

import io.trapline.config.ConfTable;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// One `[[push]]` block: a BlueKing registration.
///
/// @param accessToken never shown by [#toString]; empty = no request matches
/// @param type `time_series` or `event`; with another text every report is refused
/// @param version `v2`; likewise
/// @param rate requests a minute; -1 = 1000, 0 = no limit, below -1 = refuse all
/// @param maxFutureTimeOffset seconds that a timestamp may be ahead; negative = 3600
/// @param enabled off = as if it did not exist
/// @param line of the block in its file
public record PushSettings(
        long dataId,
        String accessToken,
        String type,
        String version,
        int rate,
        long maxFutureTimeOffset,
        boolean enabled,
        int line) {
    private static final long MAX_DATA_ID = 0xFFFF_FFFFL;
    private static final String NUMBER = "an integer from 1 to " + MAX_DATA_ID;

    public PushSettings {
        Objects.requireNonNull(accessToken, "accessToken");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(version, "version");
        if (dataId < 1 || dataId > MAX_DATA_ID) {
            throw new IllegalArgumentException("dataId must be " + NUMBER + ", is " + dataId);
        }
    }

    /// Reads one block; empty when something needed is missing or wrong, which is reported.
    public static Optional<PushSettings> read(ConfTable push) {
        int before = push.problems().errors();
        push.require("data_id", NUMBER);
        push.require("access_token", "text");
        push.require("type", "\"time_series\" or \"event\"");
        Optional<Long> dataId = push.integer("data_id", 1, MAX_DATA_ID);
        String token = push.secret("access_token", "text").orElse("");
        if (token.isEmpty() && push.problems().errors() == before) {
            push.error("access_token", "empty, so no request can match; accepted: text");
        }
        String type =
                push.choice("type", Map.of("time_series", "time_series", "event", "event"))
                        .orElse("");
        String version = push.choice("version", Map.of("v2", "v2")).orElse("v2");
        int rate =
                push.integer("rate", Integer.MIN_VALUE, Integer.MAX_VALUE)
                        .map(Math::toIntExact)
                        .orElse(-1);
        if (rate < -1) {
            push.warn("rate", "below -1 refuses every request; -1 = 1000 a minute, 0 = no limit");
        }
        long offset =
                push.integer("max_future_time_offset", Integer.MIN_VALUE, Integer.MAX_VALUE)
                        .orElse(-1L);
        boolean enabled = push.flag("enabled").orElse(true);
        push.done();
        return push.problems().errors() == before
                ? Optional.of(
                        new PushSettings(
                                dataId.orElseThrow(),
                                token,
                                type,
                                version,
                                rate,
                                offset,
                                enabled,
                                push.line()))
                : Optional.empty();
    }

    /// Reads every block; a `data_id` that was there before is reported.
    public static List<PushSettings> readAll(List<ConfTable> blocks) {
        return Blocks.distinct(blocks, PushSettings::read, PushSettings::dataId, "data_id");
    }

    @Override
    public String toString() {
        return "PushSettings[dataId=%d, type=%s, version=%s, rate=%d, enabled=%b]"
                .formatted(dataId, type, version, rate, enabled);
    }
}
