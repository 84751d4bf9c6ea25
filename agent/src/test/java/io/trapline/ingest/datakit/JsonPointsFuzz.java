package io.trapline.ingest.datakit;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.trapline.fuzz.Promises;
import io.trapline.fuzz.Stretch;
import io.trapline.model.Category;
import io.trapline.model.Point;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/// A body of points in JSON is refused, or becomes points; then it is JSON that a strict parser
/// takes as well.
public final class JsonPointsFuzz {
    private static final JsonMapper STRICT =
            JsonMapper.builder(
                            new JsonFactoryBuilder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNameLength(Integer.MAX_VALUE)
                                                    .build())
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private JsonPointsFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        byte[] body = Stretch.of(data);
        Category category = data.length % 2 == 0 ? Category.METRIC : Category.LOGGING;
        List<Point> points;
        try {
            points = Accepted.of(JsonPointsParser::parse, body, category);
        } catch (RefusedException e) {
            Promises.holds(e.refused().message().length() < 10_000, "a refusal too long to read");
            return;
        }
        Accepted.keep(points);
        if (JsonPointsParser.isUtf8(body, 0, body.length)) {
            isJson(JsonPointsParser.wellFormed(body));
        }
    }

    private static void isJson(byte[] body) {
        try {
            Promises.holds(!STRICT.readTree(body).isMissingNode(), "nothing was read");
        } catch (JsonProcessingException e) {
            throw new AssertionError("accepted, and no JSON", e);
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory", e);
        }
    }
}
