package io.trapline.ingest.datakit;

import static io.trapline.ingest.datakit.RefusedException.badRequest;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.trapline.model.Category;
import io.trapline.pipeline.Decoded;
import io.trapline.pipeline.Decoded.TagChoice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/// What collectors report inside Trapline, through the same parser and the same checks as
/// `/v1/write`. Any thread may call it.
public final class Reports {
    private final InstantSource clock;

    public Reports(InstantSource clock) {
        this.clock = clock;
    }

    /// @param request `{"category":"metric","input":…,"precision":…,"ignore_global_tags":…,
    ///   "version":…,"points":[…]}` with points in DataKit's JSON; other members are ignored
    public Decoded decode(byte[] request) {
        try {
            Envelope envelope = Envelope.read(request);
            Category category =
                    Category.ofWord(envelope.category)
                            .orElseThrow(() -> WriteDecoder.unknownCategory(envelope.category));
            if (envelope.from == envelope.to) {
                throw badRequest("datakit.noPoints", "the report has no points");
            }
            return WriteDecoder.check(
                    request,
                    envelope.from,
                    envelope.to,
                    category,
                    Timestamps.of(envelope.precision, now()),
                    envelope.ignoreGlobalTags ? TagChoice.NONE : TagChoice.HOST);
        } catch (RefusedException e) {
            return e.refused();
        }
    }

    private long now() {
        Instant now = clock.instant();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    /// The members around the points, and where the points are: they may come before the others.
    private static final class Envelope {
        String category = "";
        String precision = "";
        boolean ignoreGlobalTags;
        int from;
        int to;

        static Envelope read(byte[] request) throws RefusedException {
            try (JsonParser json = JsonPointsParser.bytes(request)) {
                if (json.nextToken() != JsonToken.START_OBJECT) {
                    throw badRequest(JsonPointsParser.CODE, "a report is a JSON object");
                }
                Envelope envelope = new Envelope();
                while (json.nextToken() != JsonToken.END_OBJECT) {
                    envelope.member(json.currentName(), json);
                }
                return envelope;
            } catch (JsonProcessingException e) {
                throw badRequest(JsonPointsParser.CODE, JsonPointsParser.noJson(request, e));
            } catch (IOException e) {
                throw new UncheckedIOException("reading from memory", e);
            }
        }

        private void member(String name, JsonParser json) throws IOException {
            JsonToken token = json.nextToken();
            switch (name) {
                case "category" -> category = text(json);
                case "precision" -> precision = text(json);
                case "ignore_global_tags" -> ignoreGlobalTags = isGiven(json, token);
                case "points" -> {
                    from = (int) json.currentTokenLocation().getByteOffset() - 1;
                    json.skipChildren();
                    json.finishToken();
                    to = (int) json.currentLocation().getByteOffset();
                }
                default -> json.skipChildren();
            }
        }

        private static String text(JsonParser json) throws IOException {
            @Nullable String text = json.getValueAsString();
            json.skipChildren();
            return text == null ? "" : text;
        }

        /// As a query parameter: any text but the empty one. `false` and null are "not given".
        private static boolean isGiven(JsonParser json, JsonToken token) throws IOException {
            return switch (token) {
                case VALUE_FALSE, VALUE_NULL -> false;
                case VALUE_STRING -> !json.getText().isEmpty();
                default -> {
                    json.skipChildren();
                    yield true;
                }
            };
        }
    }
}
