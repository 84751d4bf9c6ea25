package io.trapline.ingest.datakit;

import static io.trapline.ingest.datakit.RefusedException.badRequest;

import io.trapline.ingest.datakit.InFlight.Reservation;
import io.trapline.model.Category;
import io.trapline.model.Point;
import io.trapline.pipeline.Decoded;
import io.trapline.pipeline.Decoded.Warning;
import io.trapline.pipeline.PointChecks;
import io.trapline.pipeline.PointChecks.Checked;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;

/// `POST /v1/write/<category>` from the bytes that were sent to checked points, without any I/O:
/// they go one by one to a sink, so that a large body never becomes as many objects.
///
/// The order of work is the contract's (section 3.2): category, query, empty body, content
/// encoding, parse, checks, no points, `strict`, echo. Any thread may call it.
final class WriteDecoder {
    /// Tags, fields and elements of arrays that one point may have, for the memory they take while
    /// it is read; the checks leave far fewer.
    static final int MOST_VALUES = 500_000;

    static final String TOO_MANY_VALUES =
            "has more than " + MOST_VALUES + " tags, fields and array elements";

    /// Bytes of heap that a point and a key take at most while they wait for being shown.
    private static final long SHOWN_POINT = 300;

    private static final long SHOWN_KEY = 150;

    /// Parsers are kept for the series that they remember.
    private final ArrayBlockingQueue<LineProtocolParser> parsers = new ArrayBlockingQueue<>(8);

    /// A body whose points all went to the sink.
    ///
    /// @param points what the sink took
    /// @param dropped points of which nothing was left to store
    /// @param echo what the answer shows, empty if nothing
    record Written(int points, int dropped, String echo) {}

    /// Whether reading the body is worth it.
    static boolean isCategory(String word) {
        return Category.ofWord(word).isPresent();
    }

    /// What a body becomes; what the sink took is void when it is refused.
    private interface Parser {
        List<Warning> parse(byte[] body, Category category, Timestamps times, PointSink sink)
                throws RefusedException;
    }

    /// @param body as sent
    /// @param maxDecoded limit after decompression, in bytes
    /// @param reservation hears of the memory that decompression takes
    /// @param receivedNs the time of points that have none
    /// @param sink takes the checked points one by one
    /// @throws RefusedException when nothing is to be stored: what the sink took is void
    Written decode(
            WriteRequest request,
            byte[] body,
            long maxDecoded,
            Reservation reservation,
            long receivedNs,
            PointSink sink)
            throws RefusedException {
        if (body.length == 0 && isCategory(request.category())) {
            throw badRequest("datakit.emptyBody", "the body is empty");
        }
        Form form = Form.of(request.contentType());
        Parser parser =
                switch (form) {
                    case JSON -> JsonPointsParser::parse;
                    case PROTOBUF -> ProtobufPointsParser::parse;
                    case LINES -> this::lines;
                };
        boolean addPlace = form == Form.LINES;
        Written written =
                decode(
                        request,
                        parser,
                        new PointChecks(addPlace),
                        body,
                        maxDecoded,
                        reservation,
                        receivedNs,
                        sink);
        if (written.points() + written.dropped() == 0) {
            throw noPoints();
        }
        return written;
    }

    /// A body of logs, which may hold none: senders of logs take a refusal for a lost batch.
    Written decode(
            LogStream logs,
            WriteRequest request,
            byte[] body,
            long maxDecoded,
            Reservation reservation,
            long receivedNs,
            PointSink sink)
            throws RefusedException {
        if (body.length == 0) {
            return new Written(0, 0, "");
        }
        Parser parser =
                logs.form() == LogStream.Form.LINE_PROTOCOL
                        ? (bytes, category, times, to) ->
                                lines(
                                        bytes,
                                        category,
                                        times,
                                        point -> to.accept(logs.tagged(point)))
                        : (bytes, _, times, to) -> logs.parse(bytes, times, to);
        return decode(
                request,
                parser,
                new PointChecks(false),
                body,
                maxDecoded,
                reservation,
                receivedNs,
                sink);
    }

    private static Written decode(
            WriteRequest request,
            Parser parser,
            PointChecks checks,
            byte[] body,
            long maxDecoded,
            Reservation reservation,
            long receivedNs,
            PointSink sink)
            throws RefusedException {
        Category category =
                Category.ofWord(request.category())
                        .orElseThrow(() -> unknownCategory(request.category()));
        byte[] plain = ContentDecoding.decode(body, request.encoding(), maxDecoded, reservation);
        Timestamps times = Timestamps.of(request.precision(), receivedNs);
        List<Point> shown = new ArrayList<>();
        boolean echo = request.echo() != WriteRequest.Echo.NONE;
        if (echo) {
            // What is shown is in memory as objects, as text and as bytes.
            reservation.add(6L * plain.length);
        }
        PointSink checked =
                raw -> {
                    Point point = checks.check(raw);
                    if (point != null) {
                        sink.accept(point);
                        if (echo) {
                            reservation.add(SHOWN_POINT + SHOWN_KEY * keys(point));
                            shown.add(point);
                        }
                    }
                };
        List<Warning> mended = parser.parse(plain, category, times, checked);
        List<Warning> warnings = merged(mended, checks.warnings());
        if (request.strict() && !warnings.isEmpty()) {
            throw strict(warnings);
        }
        int dropped = checks.dropped().cardinality();
        return new Written(
                checks.seen() - dropped,
                dropped,
                PointText.echo(new Checked(shown, warnings, checks.dropped()), request.echo()));
    }

    private static int keys(Point point) {
        return point.tags().size() + point.fields().size();
    }

    private static RefusedException noPoints() {
        return badRequest("datakit.noPoints", "there is no point in the body");
    }

    static RefusedException unknownCategory(String word) {
        return badRequest("datakit.invalidCategory", "\"" + word + "\" is none of the categories");
    }

    /// Points in JSON that are kept as a list, as collectors' reports are.
    static Decoded.Accepted check(
            byte[] body,
            int from,
            int to,
            Category category,
            Timestamps times,
            Decoded.TagChoice tags)
            throws RefusedException {
        PointChecks checks = new PointChecks(false);
        List<Point> points = new ArrayList<>();
        List<Warning> mended =
                JsonPointsParser.parse(
                        body,
                        from,
                        to,
                        category,
                        times,
                        raw -> {
                            Point point = checks.check(raw);
                            if (point != null) {
                                points.add(point);
                            }
                        });
        if (checks.seen() == 0) {
            throw noPoints();
        }
        return new Decoded.Accepted(
                points, tags, merged(mended, checks.warnings()), checks.dropped().cardinality());
    }

    /// The parser's warnings among those of the checks, in the order of the points.
    private static List<Warning> merged(List<Warning> parsers, List<Warning> checks) {
        if (parsers.isEmpty()) {
            return checks;
        }
        List<Warning> all = new ArrayList<>(parsers);
        all.addAll(checks);
        all.sort(Comparator.comparingInt(Warning::point));
        return all;
    }

    private static RefusedException strict(List<Warning> warnings) {
        Warning first = warnings.getFirst();
        return badRequest(
                "datakit.pointGotWarning",
                warnings.size()
                        + " warnings; the first, on point "
                        + first.point()
                        + " (counted from 0): "
                        + first.type()
                        + ": "
                        + first.message());
    }

    private List<Warning> lines(byte[] body, Category category, Timestamps times, PointSink sink)
            throws RefusedException {
        LineProtocolParser free = parsers.poll();
        LineProtocolParser parser = free == null ? new LineProtocolParser() : free;
        try {
            return parser.parse(body, category, times, sink);
        } finally {
            parsers.offer(parser);
        }
    }

    private enum Form {
        JSON,
        PROTOBUF,
        LINES;

        static Form of(String contentType) {
            String type = contentType.strip().toLowerCase(Locale.ROOT);
            if (type.contains("application/json")
                    || type.equals("application/pbjson; proto=com.guance.point")) {
                return JSON;
            }
            return type.equals("application/protobuf; proto=com.guance.point") ? PROTOBUF : LINES;
        }
    }
}
