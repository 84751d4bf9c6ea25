package io.trapline.ingest.datakit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trapline.fuzz.Promises;
import io.trapline.fuzz.Stretch;
import io.trapline.model.Category;
import io.trapline.model.Point;
import io.trapline.pipeline.PointChecks;
import java.util.List;

/// A body of line protocol is refused, or becomes points that are the same when they are printed
/// and read again. What the parser remembers of other bodies changes nothing.
public final class LineProtocolFuzz {
    private static final LineProtocolParser USED = new LineProtocolParser();

    private LineProtocolFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        byte[] body = Stretch.of(data);
        Category category = data.length % 2 == 0 ? Category.METRIC : Category.LOGGING;
        List<Point> points;
        try {
            points = Accepted.of(USED::parse, body, category);
        } catch (RefusedException e) {
            Promises.holds(e.refused().message().length() < 100_000, "a refusal too long to read");
            return;
        }
        Accepted.keep(points);
        List<Point> checked = PointChecks.check(points, false).points();
        try {
            Promises.same(
                    points,
                    Accepted.of(new LineProtocolParser()::parse, body, category),
                    "read by a parser that remembers nothing");
        } catch (RefusedException e) {
            throw new AssertionError("refused by a parser that remembers nothing", e);
        }
        if (!checked.stream().allMatch(LineProtocolFuzz::canBeSaid)) {
            return;
        }
        String printed = PointText.lines(checked);
        try {
            Promises.same(
                    printed,
                    PointText.lines(Accepted.of(USED::parse, printed.getBytes(UTF_8), category)),
                    "printed and read");
        } catch (RefusedException e) {
            throw new AssertionError("refused when printed: " + printed, e);
        }
    }

    /// Line protocol has no way to say white space, other than a space, where a line or its fields
    /// begin, nor a line feed in a name.
    private static boolean canBeSaid(Point point) {
        return isPlain(point.name())
                && point.tags().stream().allMatch(tag -> isPlain(tag.key()))
                && point.fields().stream().allMatch(field -> isPlain(field.key()));
    }

    private static boolean isPlain(String name) {
        return name.chars().noneMatch(c -> c < ' ');
    }
}
