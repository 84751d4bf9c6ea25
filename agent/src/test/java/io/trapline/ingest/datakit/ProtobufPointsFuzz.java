package io.trapline.ingest.datakit;

import io.trapline.fuzz.Promises;
import io.trapline.model.Category;
import io.trapline.model.Point;
import java.util.List;

/// A body of points in protobuf is refused, or becomes points.
public final class ProtobufPointsFuzz {
    private ProtobufPointsFuzz() {}

    public static void fuzzerTestOneInput(byte[] body) {
        Category category = body.length % 2 == 0 ? Category.METRIC : Category.LOGGING;
        List<Point> points;
        try {
            points = Accepted.of(ProtobufPointsParser::parse, body, category);
        } catch (RefusedException e) {
            Promises.holds(e.refused().message().length() < 10_000, "a refusal too long to read");
            return;
        }
        Accepted.keep(points);
    }
}
