package io.trapline.ingest.push;

/// Limits of one request.
///
/// @param maxBodyBytes of the body, also after inflating
/// @param maxEventName in characters (code points)
public record PushLimits(int maxBodyBytes, int maxEventName) {
    public static final PushLimits DEFAULT = new PushLimits(500 * 1024, 128);

    public PushLimits {
        if (maxBodyBytes <= 0 || maxEventName <= 0) {
            throw new IllegalArgumentException(
                    "limits must be positive: maxBodyBytes "
                            + maxBodyBytes
                            + ", maxEventName "
                            + maxEventName);
        }
    }
}
