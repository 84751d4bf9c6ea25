package io.trapline.ingest.datakit;

import static io.trapline.ingest.datakit.RefusedException.badRequest;

import io.trapline.ingest.datakit.InFlight.Reservation;
import io.trapline.model.Category;
import io.trapline.pipeline.Decoded;
import io.trapline.pipeline.Decoded.Warning;
import io.trapline.pipeline.PointChecks;
import io.trapline.pipeline.PointChecks.Checked;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;

/// `POST /v1/write/<category>` from the bytes that were sent to checked points, without any I/O.
///
/// The order of work is the contract's (section 3.2): category, query, empty body, content
/// encoding, parse, checks, no points, `strict`, echo. Any thread may call it.
final class WriteDecoder {
    /// Parsers are kept for the series that they remember.
    private final ArrayBlockingQueue<LineProtocolParser> parsers = new ArrayBlockingQueue<>(8);

    /// @param echo what the answer shows, empty if nothing
    record Write(Decoded decoded, String echo) {}

    /// Whether reading the body is worth it.
    static boolean isCategory(String word) {
        return Category.ofWord(word).isPresent();
    }

    /// @param body as sent
    /// @param maxDecoded limit after decompression, in bytes
    /// @param reservation hears of the memory that decompression takes
    /// @param receivedNs the time of points that have none
    Write decode(
            WriteRequest request,
            byte[] body,
            long maxDecoded,
            Reservation reservation,
            long receivedNs) {
        try {
            Category category =
                    Category.ofWord(request.category())
                            .orElseThrow(() -> unknownCategory(request.category()));
            if (body.length == 0) {
                throw badRequest("datakit.emptyBody", "the body is empty");
            }
            byte[] plain =
                    ContentDecoding.decode(body, request.encoding(), maxDecoded, reservation);
            Timestamps times = Timestamps.of(request.precision(), receivedNs);
            Form form = Form.of(request.contentType());
            RawPoints raw =
                    switch (form) {
                        case JSON -> JsonPointsParser.parse(plain, category, times);
                        case PROTOBUF -> ProtobufPointsParser.parse(plain, category, times);
                        case LINES -> lines(plain, category, times);
                    };
            Checked checked = check(raw, form == Form.LINES);
            if (request.strict() && !checked.warnings().isEmpty()) {
                throw strict(checked);
            }
            return new Write(
                    accepted(checked, request.tags()), PointText.echo(checked, request.echo()));
        } catch (RefusedException e) {
            return new Write(e.refused(), "");
        }
    }

    static RefusedException unknownCategory(String word) {
        return badRequest("datakit.invalidCategory", "\"" + word + "\" is none of the categories");
    }

    /// The checks, with the parser's own warnings among theirs in the order of the points.
    static Checked check(RawPoints raw, boolean lineProtocol) throws RefusedException {
        if (raw.points().isEmpty()) {
            throw badRequest("datakit.noPoints", "there is no point in the body");
        }
        Checked checked = PointChecks.check(raw.points(), lineProtocol);
        if (raw.warnings().isEmpty()) {
            return checked;
        }
        List<Warning> warnings = new ArrayList<>(raw.warnings());
        warnings.addAll(checked.warnings());
        warnings.sort(Comparator.comparingInt(Warning::point));
        return new Checked(checked.points(), warnings, checked.dropped());
    }

    static Decoded accepted(Checked checked, Decoded.TagChoice tags) {
        return new Decoded.Accepted(
                checked.points(), tags, checked.warnings(), checked.dropped().size());
    }

    private static RefusedException strict(Checked checked) {
        Warning first = checked.warnings().getFirst();
        return badRequest(
                "datakit.pointGotWarning",
                checked.warnings().size()
                        + " warnings; the first, on point "
                        + first.point()
                        + " (counted from 0): "
                        + first.type()
                        + ": "
                        + first.message());
    }

    private RawPoints lines(byte[] body, Category category, Timestamps times)
            throws RefusedException {
        LineProtocolParser free = parsers.poll();
        LineProtocolParser parser = free == null ? new LineProtocolParser() : free;
        try {
            return parser.parse(body, category, times);
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
