package io.trapline.ingest.datakit;

import io.trapline.model.Point;
import io.trapline.pipeline.Decoded.Warning;
import java.util.List;

/// What a parser read, before [io.trapline.pipeline.PointChecks].
///
/// @param warnings what the parser itself had to mend; the checks add theirs
record RawPoints(List<Point> points, List<Warning> warnings) {}
