package io.trapline.forward;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.journal.Origin;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A BlueKing receiver.
final class PushDestination implements Destination {
    /// The receiver's own limit, less what surrounds the items.
    private static final int MAX_ITEM_BYTES = 511_000;

    /// Trapline's receiver names the item: `data[3].metrics.load: …`.
    private static final Pattern CULPRIT = Pattern.compile("data\\[([0-9]{1,6})]");

    private static final String SUCCESS = "success";

    private final PushOutputSettings settings;
    private final PushMapping mapping;
    private final HttpPoster poster;
    private final byte[] head;

    /// @param given the names that things got there before
    PushDestination(PushOutputSettings settings, HttpPoster poster, List<GivenName> given) {
        this.settings = settings;
        this.poster = poster;
        mapping = new PushMapping(settings.type(), settings.target(), given);
        head = head(settings.dataId(), settings.token());
    }

    static byte[] head(long dataId, String token) {
        String quoted = new String(JsonStringEncoder.getInstance().quoteAsString(token));
        return ("{\"data_id\":" + dataId + ",\"access_token\":\"" + quoted + "\",\"data\":[")
                .getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void encode(Selected selected, Encoding out) {
        mapping.encode(selected, out);
    }

    @Override
    public int maxBytes() {
        return settings.maxBatchBytes() - head.length - 2;
    }

    @Override
    public int maxItemBytes() {
        return MAX_ITEM_BYTES - head.length;
    }

    @Override
    public Delivery send(List<Item> items, Sequence sequence) throws InterruptedException {
        ByteArrayOutputStream body = new ByteArrayOutputStream(settings.maxBatchBytes());
        body.writeBytes(head);
        for (int i = 0; i < items.size(); i++) {
            if (i > 0) {
                body.write(',');
            }
            body.writeBytes(items.get(i).bytes());
        }
        body.write(']');
        body.write('}');
        Map<String, String> headers = new TreeMap<>();
        headers.put("Content-Type", "application/json");
        headers.put(Origin.HEADER, Destination.origin(items, sequence).toString());
        try {
            return verdict(poster.post(settings.url(), headers, body.toByteArray()));
        } catch (IOException e) {
            return new Delivery.Later(String.valueOf(e.getMessage()), Optional.empty(), false);
        }
    }

    static Delivery verdict(HttpAnswer answer) {
        if (!answer.isSuccess()) {
            return answer.failure(culprit(answer.message()));
        }
        Optional<JsonNode> json = answer.json();
        String result = json.map(node -> node.path("result").asText()).orElse("");
        if (result.equals("true")) {
            // One that kept all of it says "success", or nothing.
            String said = json.map(node -> node.path("message").asText()).orElse("");
            return said.isEmpty() || said.equals(SUCCESS)
                    ? Delivery.Accepted.whole()
                    : new Delivery.Accepted(
                            HttpAnswer.shown(said), Map.of(Delivery.Accepted.SAID, 1L));
        }
        int code = json.map(node -> node.path("code").asInt()).orElse(0);
        if (result.equals("false") && code >= 300 && code <= 599) {
            // Its answer says what its status does not.
            return verdict(new HttpAnswer(code, answer.body(), answer.retryAfter()));
        }
        return answer.strange();
    }

    private static OptionalInt culprit(String message) {
        Matcher matcher = CULPRIT.matcher(message);
        return matcher.find()
                ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
                : OptionalInt.empty();
    }

    @Override
    public void close() {
        poster.close();
    }
}
