package io.trapline.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.config.Durations;
import io.trapline.registry.Check;
import io.trapline.registry.FilterJson;
import io.trapline.registry.Held;
import io.trapline.registry.Held.Origin;
import io.trapline.registry.PushRegistration;
import io.trapline.registry.RecentRequest;
import io.trapline.registry.SeenMetric;
import io.trapline.registry.SeenMetrics;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// What the registry holds, as JSON: `[[push]]` and `[[trap]]` keys, where it comes from, and what
/// was seen of it. Secrets only where they are asked for.
final class RegistryJson {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private RegistryJson() {}

    /// @param coreAddress `http://host:port` of the push and trap listener
    static ObjectNode push(
            Held<PushRegistration> held, SeenMetrics seen, boolean secrets, String coreAddress) {
        PushRegistration push = held.value();
        ObjectNode json = NODES.objectNode();
        json.put("data_id", push.dataId());
        if (secrets) {
            json.put("access_token", push.accessToken());
        }
        json.put("name", push.name());
        json.put("label", push.label());
        json.put("description", push.description());
        json.put("type", push.type().word());
        json.put("version", push.version());
        json.put("rate", push.rate());
        json.put("max_future_time_offset", push.maxFutureTimeOffset());
        json.put("enabled", push.enabled());
        json.put("push_url", coreAddress + "/v2/push/");
        origin(json, held.origin());
        seen(json, seen);
        return json;
    }

    static ObjectNode check(
            Held<Check> held, SeenMetrics seen, boolean secrets, String coreAddress) {
        Check check = held.value();
        ObjectNode json = NODES.objectNode();
        json.put("id", check.id().toString());
        if (secrets) {
            json.put("secret", check.secret());
            json.put(
                    "submission_url",
                    coreAddress + "/module/httptrap/" + check.id() + "/" + segment(check.secret()));
        }
        json.put("name", check.name());
        json.put("target", check.target());
        json.put("period", Durations.format(check.period()));
        json.put("async_metrics", check.asyncMetrics());
        json.put("delimiter", check.delimiter());
        json.put("cors_origin", check.corsOrigin());
        json.put("tagset", check.tagset());
        check.histogramMetrics().forEach(json.putArray("histogram_metrics")::add);
        json.put("guess_types", check.guessTypes());
        json.put("rate", check.rate());
        if (check.filters().isPresent()) {
            json.set("filters", FilterJson.write(check.filters().get()));
        } else {
            json.putNull("filters");
        }
        json.put("enabled", check.enabled());
        origin(json, held.origin());
        seen(json, seen);
        return json;
    }

    static ObjectNode metrics(SeenMetrics seen) {
        ObjectNode json = NODES.objectNode();
        ArrayNode metrics = json.putArray("metrics");
        for (SeenMetric metric : seen.metrics()) {
            metrics.add(metric(metric));
        }
        json.put("beyond", seen.beyond());
        return json;
    }

    static ObjectNode metric(SeenMetric metric) {
        ObjectNode json = NODES.objectNode();
        json.put("name", metric.name());
        json.put("kind", metric.kind().word());
        json.put("type", metric.type());
        time(json, "first_seen", metric.firstSeen());
        time(json, "last_seen", metric.lastSeen());
        json.put("count", metric.count());
        json.put("latest", metric.latest());
        json.put("stored", metric.stored());
        json.put("alias", metric.settings().alias());
        json.put("unit", metric.settings().unit());
        json.put("hidden", metric.settings().hidden());
        json.put("disabled", metric.settings().disabled());
        return json;
    }

    static ObjectNode requests(List<RecentRequest> requests) {
        ObjectNode json = NODES.objectNode();
        ArrayNode array = json.putArray("requests");
        for (RecentRequest request : requests) {
            ObjectNode node = array.addObject();
            node.put("time", request.time().toString());
            node.put("status", request.status());
            node.put("bytes", request.bytes());
            node.put("body", request.body());
            request.notes().forEach(node.putArray("notes")::add);
        }
        return json;
    }

    private static void origin(ObjectNode json, Origin origin) {
        switch (origin) {
            case Origin.Configuration(String file, int line) -> {
                json.put("origin", "configuration");
                json.put("file", file);
                json.put("line", line);
            }
            case Origin.Database(Instant created, Instant updated) -> {
                json.put("origin", "registry");
                json.put("created", created.toString());
                json.put("updated", updated.toString());
            }
        }
    }

    private static void seen(ObjectNode json, SeenMetrics seen) {
        json.put(
                "metrics",
                seen.metrics().stream()
                        .filter(metric -> metric.kind() != SeenMetric.Kind.DIMENSION)
                        .count());
        time(
                json,
                "last_seen",
                seen.metrics().stream()
                        .flatMap(metric -> metric.lastSeen().stream())
                        .max(Comparator.naturalOrder()));
    }

    private static void time(ObjectNode json, String key, Optional<Instant> time) {
        if (time.isPresent()) {
            json.put(key, time.get().toString());
        } else {
            json.putNull(key);
        }
    }

    /// A secret from a file may hold signs that an URL must not.
    static String segment(String secret) {
        StringBuilder out = new StringBuilder();
        for (byte b : secret.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xFF);
            if (c < 128 && (Character.isLetterOrDigit(c) || "_-.~".indexOf(c) >= 0)) {
                out.append(c);
            } else {
                out.append("%%%02X".formatted((int) c));
            }
        }
        return out.toString();
    }
}
