package io.trapline.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.registry.Check;
import io.trapline.registry.Held;
import io.trapline.registry.MetricSettings;
import io.trapline.registry.Outcome;
import io.trapline.registry.PushRegistration;
import io.trapline.registry.Registry;
import io.trapline.registry.RegistryException;
import io.trapline.registry.SeenMetric;
import io.trapline.web.RegistryBodies.Choice;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// The registry's calls, without HTTP: a running agent serves them, and a command uses them
/// directly when no agent runs.
///
/// ```
/// GET    push                      POST   push                      PUT    push/<data_id>
/// GET    push/<data_id>            DELETE push/<data_id>            POST   push/<data_id>/enable
/// GET    push/<data_id>/metrics    PUT    push/<data_id>/metrics/<name>     …/disable
/// GET    push/<data_id>/requests   DELETE push/<data_id>/metrics/<name>     …/rotate-token
/// ```
///
/// and the same for `traps` and `<uuid>`, with `…/rotate-secret` for `…/rotate-token`, where `PUT
/// traps/<uuid>/metrics` selects and deselects metrics. `secrets=true` shows secrets.
public final class RegistryCalls {
    private final Registry registry;
    private final Supplier<String> coreAddress;

    /// @param coreAddress `http://host:port` of the push and trap listener
    public RegistryCalls(Registry registry, Supplier<String> coreAddress) {
        this.registry = registry;
        this.coreAddress = coreAddress;
    }

    public Registry registry() {
        return registry;
    }

    /// `http://host:port` of the push and trap listener.
    public String coreAddress() {
        return coreAddress.get();
    }

    /// A secret as the last segment of a submission URL.
    public static String segment(String secret) {
        return RegistryJson.segment(secret);
    }

    /// What is wrong with a registration that is about to be made, as `key: what`; changes nothing.
    ///
    /// @param kind `push` or `traps`
    public List<String> problems(String kind, byte[] json) {
        try {
            JsonBody body = JsonBody.parse(json);
            if (kind.equals("traps")) {
                var _ = RegistryBodies.newCheck(body);
                return body.done();
            }
            var _ = RegistryBodies.newPush(body);
            List<String> problems = new ArrayList<>(body.done());
            String name = body.text("name", Integer.MAX_VALUE).orElse("");
            if (!name.isEmpty()
                    && registry.pushes().stream()
                            .anyMatch(held -> held.value().name().equals(name))) {
                problems.add("name: \"" + name + "\" is taken; choose another");
            }
            return problems;
        } catch (IllegalArgumentException e) {
            return List.of(String.valueOf(e.getMessage()));
        }
    }

    /// @param path decoded segments, the first is `push` or `traps`
    /// @param secrets whether secrets are asked for
    /// @param kind of the metric that the path names: `metric`, `dimension` or `event`; empty = by
    ///   what was seen
    @SuppressWarnings("ArrayRecordComponent")
    public record Call(
            String method, List<String> path, boolean secrets, String kind, byte[] body) {
        public Call {
            path = List.copyOf(path);
        }

        /// Whether it needs the admin token.
        public boolean isPrivileged() {
            return secrets || !method.equals("GET");
        }

        String segment(int index) {
            return index < path.size() ? path.get(index) : "";
        }
    }

    public record Reply(int status, JsonNode body) {}

    public Reply answer(Call call) {
        try {
            return switch (call.segment(0)) {
                case "push" -> push(call);
                case "traps" -> traps(call);
                default -> unknownPath();
            };
        } catch (IllegalArgumentException e) {
            return problems(List.of(String.valueOf(e.getMessage())));
        } catch (RegistryException e) {
            return error(500, String.valueOf(e.getMessage()));
        }
    }

    private Reply push(Call call) throws RegistryException {
        if (call.path().size() == 1) {
            return switch (call.method()) {
                case "GET" -> listPushes(call);
                case "POST" -> addPush(call);
                default -> wrongMethod();
            };
        }
        Optional<Held<PushRegistration>> found =
                dataId(call.segment(1)).flatMap(registry::heldPush);
        if (found.isEmpty()) {
            return unknown("push registration", call.segment(1));
        }
        long id = found.get().value().dataId();
        String source = found.get().value().source();
        if (call.path().size() == 2) {
            return switch (call.method()) {
                case "GET" -> new Reply(200, pushJson(found.get(), call.secrets()));
                case "PUT" -> changePush(id, call);
                case "DELETE" -> pushReply(registry.removePush(id), false);
                default -> wrongMethod();
            };
        }
        if (call.path().size() == 3 && call.method().equals("POST")) {
            switch (call.segment(2)) {
                case "enable" -> {
                    return pushReply(registry.enablePush(id, true), false);
                }
                case "disable" -> {
                    return pushReply(registry.enablePush(id, false), false);
                }
                case "rotate-token" -> {
                    return pushReply(registry.rotateToken(id), true);
                }
                default -> {}
            }
        }
        return inside(source, call);
    }

    private Reply traps(Call call) throws RegistryException {
        if (call.path().size() == 1) {
            return switch (call.method()) {
                case "GET" -> listChecks(call);
                case "POST" -> addCheck(call);
                default -> wrongMethod();
            };
        }
        Optional<Held<Check>> found =
                RegistryBodies.id(call.segment(1)).flatMap(registry::heldCheck);
        if (found.isEmpty()) {
            return unknown("check", call.segment(1));
        }
        UUID id = found.get().value().id();
        if (call.path().size() == 2) {
            return switch (call.method()) {
                case "GET" -> new Reply(200, checkJson(found.get(), call.secrets()));
                case "PUT" -> changeCheck(id, call);
                case "DELETE" -> checkReply(registry.removeCheck(id), false);
                default -> wrongMethod();
            };
        }
        if (call.path().size() == 3 && call.method().equals("POST")) {
            switch (call.segment(2)) {
                case "enable" -> {
                    return checkReply(registry.enableCheck(id, true), false);
                }
                case "disable" -> {
                    return checkReply(registry.enableCheck(id, false), false);
                }
                case "rotate-secret" -> {
                    return checkReply(registry.rotateSecret(id), true);
                }
                default -> {}
            }
        }
        if (call.path().size() == 3
                && call.segment(2).equals("metrics")
                && (call.method().equals("PUT") || call.method().equals("POST"))) {
            return choose(id, call);
        }
        return inside(found.get().value().source(), call);
    }

    /// What push registrations and checks have in common: metrics and requests.
    private Reply inside(String source, Call call) throws RegistryException {
        int size = call.path().size();
        boolean metrics = call.segment(2).equals("metrics");
        if (size == 3 && (metrics || call.segment(2).equals("requests"))) {
            if (!call.method().equals("GET")) {
                return wrongMethod();
            }
            return new Reply(
                    200,
                    metrics
                            ? RegistryJson.metrics(registry.metrics(source))
                            : RegistryJson.requests(registry.recent(source)));
        }
        if (size != 4 || !metrics) {
            return unknownPath();
        }
        String name = call.segment(3);
        Optional<SeenMetric> seen =
                registry.metrics(source).metrics().stream()
                        .filter(metric -> metric.name().equals(name))
                        .filter(metric -> fits(call.kind(), metric.kind()))
                        .findFirst();
        return switch (call.method()) {
            case "GET" ->
                    seen.map(metric -> new Reply(200, RegistryJson.metric(metric)))
                            .orElseGet(() -> unknown("metric", name));
            case "PUT" -> describe(source, name, seen, call);
            case "DELETE" -> {
                if (seen.isEmpty()) {
                    yield unknown("metric", name);
                }
                registry.forgetMetric(source, seen.get().kind(), name);
                yield new Reply(200, RegistryJson.metric(seen.get()));
            }
            default -> wrongMethod();
        };
    }

    private Reply describe(String source, String name, Optional<SeenMetric> seen, Call call)
            throws RegistryException {
        return said(
                call,
                RegistryBodies::metricSettings,
                change -> describe(source, name, seen, call.kind(), change));
    }

    private Reply describe(
            String source,
            String name,
            Optional<SeenMetric> seen,
            String kindWord,
            UnaryOperator<MetricSettings> change)
            throws RegistryException {
        SeenMetric.Kind kind =
                seen.map(SeenMetric::kind)
                        .orElseGet(
                                () -> kindWord.isEmpty() ? SeenMetric.Kind.METRIC : kind(kindWord));
        registry.describe(
                source,
                kind,
                name,
                change.apply(seen.map(SeenMetric::settings).orElse(MetricSettings.NONE)));
        return registry.metrics(source).metrics().stream()
                .filter(metric -> metric.name().equals(name) && metric.kind() == kind)
                .findFirst()
                .map(metric -> new Reply(200, RegistryJson.metric(metric)))
                .orElseGet(() -> unknown("metric", name));
    }

    private static boolean fits(String wanted, SeenMetric.Kind kind) {
        return wanted.isEmpty() || kind(wanted) == kind;
    }

    private static SeenMetric.Kind kind(String word) {
        for (SeenMetric.Kind kind : SeenMetric.Kind.values()) {
            if (kind.word().equals(word.toLowerCase(Locale.ROOT))) {
                return kind;
            }
        }
        throw new IllegalArgumentException("kind: accepted are metric, dimension and event");
    }

    private Reply listPushes(Call call) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode list = json.putArray("push");
        registry.pushes().forEach(push -> list.add(pushJson(push, call.secrets())));
        return new Reply(200, json);
    }

    private Reply addPush(Call call) throws RegistryException {
        return said(
                call,
                RegistryBodies::newPush,
                fresh ->
                        made(
                                pushReply(
                                        registry.addPush(fresh.dataId(), fresh.registration()),
                                        true)));
    }

    private Reply changePush(long id, Call call) throws RegistryException {
        return said(
                call,
                RegistryBodies::pushSettings,
                change -> pushReply(registry.changePush(id, change), false));
    }

    private Reply listChecks(Call call) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode list = json.putArray("traps");
        registry.checks().forEach(check -> list.add(checkJson(check, call.secrets())));
        return new Reply(200, json);
    }

    private Reply addCheck(Call call) throws RegistryException {
        return said(
                call,
                RegistryBodies::newCheck,
                fresh -> made(checkReply(registry.addCheck(fresh), true)));
    }

    private Reply changeCheck(UUID id, Call call) throws RegistryException {
        return said(
                call,
                RegistryBodies::checkSettings,
                change -> checkReply(registry.changeCheck(id, change), false));
    }

    private Reply choose(UUID id, Call call) throws RegistryException {
        return said(
                call, RegistryBodies::choice, choice -> checkReply(selected(id, choice), false));
    }

    private Outcome<Check> selected(UUID id, Choice choice) throws RegistryException {
        return switch (choice) {
            case Choice.All _ -> registry.setFilters(id, Optional.empty());
            case Choice.Only(List<String> names) -> registry.selectOnly(id, names);
            case Choice.Change(List<String> on, List<String> off) -> registry.select(id, on, off);
        };
    }

    private interface Doing<T> {
        Reply with(T said) throws RegistryException;
    }

    /// What a call's body says is done when nothing is wrong with it.
    private static <T> Reply said(Call call, Function<JsonBody, T> reading, Doing<T> doing)
            throws RegistryException {
        JsonBody body = JsonBody.parse(call.body());
        T said = reading.apply(body);
        List<String> problems = body.done();
        return problems.isEmpty() ? doing.with(said) : problems(problems);
    }

    private static Reply made(Reply reply) {
        return reply.status() == 200 ? new Reply(201, reply.body()) : reply;
    }

    private Reply pushReply(Outcome<PushRegistration> outcome, boolean secrets) {
        return switch (outcome) {
            case Outcome.Done<PushRegistration>(PushRegistration push) -> {
                // Gone already after a removal: then it is answered as it was.
                Optional<Held<PushRegistration>> held = registry.heldPush(push.dataId());
                yield held.isPresent()
                        ? new Reply(200, pushJson(held.get(), secrets))
                        : new Reply(200, removed("data_id", push.dataId() + ""));
            }
            case Outcome.Unknown<PushRegistration> _ -> unknown("push registration", "");
            case Outcome.DeclaredIn<PushRegistration>(String file, int line) ->
                    declared(file, line);
            case Outcome.Taken<PushRegistration>(String what) -> taken(what);
        };
    }

    private Reply checkReply(Outcome<Check> outcome, boolean secrets) {
        return switch (outcome) {
            case Outcome.Done<Check>(Check check) -> {
                Optional<Held<Check>> held = registry.heldCheck(check.id());
                yield held.isPresent()
                        ? new Reply(200, checkJson(held.get(), secrets))
                        : new Reply(200, removed("id", check.id().toString()));
            }
            case Outcome.Unknown<Check> _ -> unknown("check", "");
            case Outcome.DeclaredIn<Check>(String file, int line) -> declared(file, line);
            case Outcome.Taken<Check>(String what) -> taken(what);
        };
    }

    private ObjectNode pushJson(Held<PushRegistration> held, boolean secrets) {
        return RegistryJson.push(
                held, registry.metrics(held.value().source()), secrets, coreAddress.get());
    }

    private ObjectNode checkJson(Held<Check> held, boolean secrets) {
        return RegistryJson.check(
                held, registry.metrics(held.value().source()), secrets, coreAddress.get());
    }

    private static Optional<Long> dataId(String text) {
        return text.matches("[0-9]{1,10}") ? Optional.of(Long.valueOf(text)) : Optional.empty();
    }

    private static ObjectNode removed(String key, String id) {
        return JsonNodeFactory.instance.objectNode().put("removed", true).put(key, id);
    }

    private static Reply declared(String file, int line) {
        ObjectNode json =
                errorBody(
                        "declared in the configuration, and changed only there: edit "
                                + file
                                + " line "
                                + line
                                + ", then reload");
        json.put("file", file).put("line", line);
        return new Reply(409, json);
    }

    private static Reply taken(String what) {
        return error(409, what + " is taken; choose another");
    }

    private static Reply unknown(String what, String id) {
        return error(404, "there is no such " + what + (id.isEmpty() ? "" : ": " + id));
    }

    private static Reply unknownPath() {
        return error(404, "there is nothing at this address");
    }

    private static Reply wrongMethod() {
        return error(405, "this address does not take that method");
    }

    private static Reply problems(List<String> problems) {
        ObjectNode json = errorBody(String.join("; ", problems));
        problems.forEach(json.putArray("problems")::add);
        return new Reply(400, json);
    }

    private static Reply error(int status, String message) {
        return new Reply(status, errorBody(message));
    }

    private static ObjectNode errorBody(String message) {
        return JsonNodeFactory.instance.objectNode().put("error", message);
    }
}
