package io.trapline.registry;

/// A chart that somebody keeps on the dashboard.
///
/// @param title at most 200 characters, not blank
/// @param query what the chart's address has after its `?`, at most 4000 characters
public record Pin(long id, String title, String query) {
    private static final int MOST_TITLE = 200;
    private static final int MOST_QUERY = 4000;

    public Pin {
        title = title.strip();
        if (title.isEmpty() || title.length() > MOST_TITLE) {
            throw new IllegalArgumentException(
                    "a pinned chart's title has 1 to %d characters, this one has %d"
                            .formatted(MOST_TITLE, title.length()));
        }
        if (query.isEmpty() || query.length() > MOST_QUERY) {
            throw new IllegalArgumentException(
                    "a pinned chart's query has 1 to %d characters, this one has %d"
                            .formatted(MOST_QUERY, query.length()));
        }
    }
}
