package io.trapline.ingest.datakit;

import io.trapline.model.Category;
import io.trapline.model.Point;
import io.trapline.pipeline.Decoded.Warning;
import java.util.ArrayList;
import java.util.List;

/// What a parser read and what it had to mend.
record RawPoints(List<Point> points, List<Warning> warnings) {

    static RawPoints ofJson(byte[] body, Category category, Timestamps times)
            throws RefusedException {
        List<Point> points = new ArrayList<>();
        return new RawPoints(points, JsonPointsParser.parse(body, category, times, points::add));
    }
}
