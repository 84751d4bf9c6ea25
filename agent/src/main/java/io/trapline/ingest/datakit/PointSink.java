package io.trapline.ingest.datakit;

import io.trapline.model.Point;

/// Takes points one by one as they are parsed. What it took is void when the batch is refused.
@FunctionalInterface
interface PointSink {
    void accept(Point point) throws RefusedException;
}
