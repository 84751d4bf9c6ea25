package io.trapline.ingest.datakit;

import io.trapline.pipeline.GlobalTags.Changes;
import java.io.IOException;

/// Keeps the global tags that were set over HTTP, apart from the operator's configuration.
public interface GlobalTagsStore {

    /// What was saved last, [Changes#NONE] when nothing was.
    Changes load() throws IOException;

    /// Returns when `changes` are on disk; a reader sees the old or the new ones, nothing between.
    void save(Changes changes) throws IOException;
}
