package io.trapline.ingest.push;

import java.util.Objects;

/// What the receiver knows about one data_id.
///
/// @param token an empty one never matches
/// @param type `time_series` or `event`; any other refuses all data
/// @param version `v2`; any other refuses all data
/// @param rate requests in any 60 s: -1 = 1000, 0 = no limit, below -1 = none at all
/// @param maxFutureTimeOffset seconds that a timestamp may be ahead; negative = 3600
public record PushRegistration(
        long dataId,
        String token,
        String type,
        String version,
        long rate,
        long maxFutureTimeOffset,
        boolean enabled) {
    private static final int DEFAULT_RATE = 1000;
    private static final int DEFAULT_OFFSET = 3600;

    public PushRegistration {
        Objects.requireNonNull(token, "token");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(version, "version");
    }

    long effectiveRate() {
        return rate == -1 ? DEFAULT_RATE : rate;
    }

    long effectiveOffset() {
        return maxFutureTimeOffset < 0 ? DEFAULT_OFFSET : maxFutureTimeOffset;
    }

    /// Without the token, which must not reach a log.
    @Override
    public String toString() {
        return "PushRegistration[dataId="
                + dataId
                + ", type="
                + type
                + ", version="
                + version
                + ", rate="
                + rate
                + ", maxFutureTimeOffset="
                + maxFutureTimeOffset
                + ", enabled="
                + enabled
                + "]";
    }
}
