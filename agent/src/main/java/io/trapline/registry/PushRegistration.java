package io.trapline.registry;

import java.util.Objects;

/// One data_id: who may push what, and how often. Source: `contracts/bkpush.md` section 8.
///
/// @param accessToken the shared secret; an empty one never matches
/// @param name for people; empty = none
/// @param label a word for the data, in English; empty = none
/// @param version `v2`; any other refuses all data
/// @param rate requests in any 60 s: -1 = 1000, 0 = no limit, below -1 = none at all
/// @param maxFutureTimeOffset seconds that a timestamp may be ahead; negative = 3600
/// @param enabled off is as if the registration were unknown
public record PushRegistration(
        long dataId,
        String accessToken,
        String name,
        String label,
        String description,
        PushType type,
        String version,
        int rate,
        long maxFutureTimeOffset,
        boolean enabled) {
    /// A data_id has 32 bits.
    public static final long MAX_DATA_ID = 0xFFFF_FFFFL;

    public static final String VERSION = "v2";
    public static final int DEFAULT_RATE = -1;
    public static final long DEFAULT_OFFSET = -1;

    public PushRegistration {
        if (dataId < 1 || dataId > MAX_DATA_ID) {
            throw new IllegalArgumentException(
                    "data_id must be from 1 to " + MAX_DATA_ID + ", is " + dataId);
        }
        Objects.requireNonNull(accessToken, "accessToken");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(label, "label");
        Objects.requireNonNull(description, "description");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(version, "version");
    }

    /// With everything else as it is by default.
    public PushRegistration(long dataId, String accessToken, PushType type) {
        this(dataId, accessToken, "", "", "", type, VERSION, DEFAULT_RATE, DEFAULT_OFFSET, true);
    }

    /// What a `[[push]]` block says.
    public static PushRegistration of(PushSettings settings) {
        return new PushRegistration(
                settings.dataId(),
                settings.accessToken(),
                "",
                "",
                "",
                PushType.ofWord(settings.type()).orElseThrow(),
                settings.version(),
                settings.rate(),
                settings.maxFutureTimeOffset(),
                settings.enabled());
    }

    /// What people call it.
    public String title() {
        return name.isEmpty() ? "data_id " + dataId : name;
    }

    /// `push/<data_id>`, as in batches and in the store.
    public String source() {
        return source(dataId);
    }

    public static String source(long dataId) {
        return "push/" + dataId;
    }

    public PushRegistration withAccessToken(String fresh) {
        return new PushRegistration(
                dataId,
                fresh,
                name,
                label,
                description,
                type,
                version,
                rate,
                maxFutureTimeOffset,
                enabled);
    }

    public PushRegistration withEnabled(boolean on) {
        return new PushRegistration(
                dataId,
                accessToken,
                name,
                label,
                description,
                type,
                version,
                rate,
                maxFutureTimeOffset,
                on);
    }

    /// Without the token, which must not reach a log.
    @Override
    public String toString() {
        return "push registration "
                + dataId
                + " ("
                + type.word()
                + (enabled ? "" : ", disabled")
                + ")";
    }
}
