package io.trapline.web.page;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.config.OutsideJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;

/// Data for scripts of the pages.
final class Reply {
    static final HeaderName NO_SNIFF = HeaderNames.create("X-Content-Type-Options");
    private static final JsonFactory JSON = OutsideJson.factory();

    interface Members {
        void write(JsonGenerator out) throws IOException;
    }

    private Reply() {}

    static void json(ServerResponse response, Members members) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try (JsonGenerator out = JSON.createGenerator(body)) {
            out.writeStartObject();
            members.write(out);
            out.writeEndObject();
        }
        response.header(HeaderNames.CONTENT_TYPE, "application/json")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .header(NO_SNIFF, "nosniff")
                .send(body.toByteArray());
    }

    /// A chart line's `points`, as pairs of milliseconds and value.
    static void points(JsonGenerator out, List<double[]> points) throws IOException {
        out.writeArrayFieldStart("points");
        for (double[] point : points) {
            out.writeStartArray();
            out.writeNumber((long) point[0]);
            number(out, point[1]);
            out.writeEndArray();
        }
        out.writeEndArray();
    }

    /// A number, or null for what JSON has no number for.
    static void number(JsonGenerator out, double value) throws IOException {
        if (Double.isFinite(value)) {
            out.writeNumber(value);
        } else {
            out.writeNull();
        }
    }
}
