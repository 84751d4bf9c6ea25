package io.trapline.ingest.push;

/// Limits of one request, and of what requests make of a registration.
///
/// @param maxBodyBytes of the body, also after inflating
/// @param maxEventName in characters (code points)
/// @param maxNames distinct metric names, or event names, of a registration
public record PushLimits(int maxBodyBytes, int maxEventName, int maxNames) {
    public static final PushLimits DEFAULT = new PushLimits(500 * 1024, 128, 10_000);

    public PushLimits {
        if (maxBodyBytes <= 0 || maxEventName <= 0 || maxNames <= 0) {
            throw new IllegalArgumentException(
                    "limits must be positive: maxBodyBytes "
                            + maxBodyBytes
                            + ", maxEventName "
                            + maxEventName
                            + ", maxNames "
                            + maxNames);
        }
    }
}
