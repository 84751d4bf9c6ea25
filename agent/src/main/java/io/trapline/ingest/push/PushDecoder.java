package io.trapline.ingest.push;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.ingest.SecretMatch;
import io.trapline.ingest.SlidingRateLimiter;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// One request's body in, its entries or a refusal out: steps 3 to 11 of the contract, in that
/// order. A request is taken whole or not at all.
///
/// Keeps nothing but the rate limiter's counts. Any thread may call it.
public final class PushDecoder {
    private final PushRegistrations registrations;
    private final PushLimits limits;
    private final InstantSource clock;
    private final SlidingRateLimiter rates;

    /// @param nanoTicker a clock that never jumps, for the rate limits
    public PushDecoder(
            PushRegistrations registrations,
            PushLimits limits,
            InstantSource clock,
            LongSupplier nanoTicker) {
        this.registrations = registrations;
        this.limits = limits;
        this.clock = clock;
        this.rates = new SlidingRateLimiter(nanoTicker);
    }

    /// @param body inflated
    public PushOutcome decode(byte[] body) {
        if (body.length > limits.maxBodyBytes()) {
            return tooLarge(limits);
        }
        PushRegistration registration;
        JsonNode root;
        try {
            root = PushJson.parse(body);
            registration = authenticate(root);
        } catch (PushRefusal e) {
            return new PushOutcome.Refused(e.status(), e.reason(), 0, OptionalLong.empty());
        }
        OptionalLong id = OptionalLong.of(registration.dataId());
        int wait = rates.tryAcquire(registration.dataId(), registration.effectiveRate());
        if (wait > 0) {
            String message =
                    "too many requests for data_id "
                            + registration.dataId()
                            + ": at most "
                            + Math.max(0, registration.effectiveRate())
                            + " in any 60 s, try again in "
                            + wait
                            + " s";
            return new PushOutcome.Refused(429, message, wait, id);
        }
        try {
            return read(root, registration);
        } catch (PushRefusal e) {
            return new PushOutcome.Refused(e.status(), e.reason(), 0, id);
        }
    }

    static PushOutcome.Refused tooLarge(PushLimits limits) {
        return new PushOutcome.Refused(
                413,
                "body is larger than " + limits.maxBodyBytes() + " bytes, split it",
                0,
                OptionalLong.empty());
    }

    private PushRegistration authenticate(JsonNode root) throws PushRefusal {
        JsonNode id = present(root.get("data_id"));
        JsonNode token = present(root.get("access_token"));
        if (id != null && !id.isIntegralNumber()) {
            throw new PushRefusal(
                    "data_id: expected integer, got "
                            + (id.isNumber()
                                    ? "a number with fraction or exponent"
                                    : PushJson.kind(id)));
        }
        if (id != null && !id.canConvertToLong()) {
            throw new PushRefusal("data_id: expected integer of at most 64 bits");
        }
        if (token != null && !token.isTextual()) {
            throw new PushRefusal("access_token: expected text, got " + PushJson.kind(token));
        }
        if (id == null || id.longValue() == 0) {
            throw new PushRefusal(401, "data_id is missing");
        }
        if (token == null || token.textValue().isEmpty()) {
            throw new PushRefusal(401, "access_token is missing");
        }
        Optional<PushRegistration> found = registrations.find(id.longValue());
        // An unknown id costs the same comparison as a wrong token.
        String expected = found.map(PushRegistration::token).orElse("");
        boolean same = SecretMatch.same(expected, token.textValue());
        if (found.isEmpty() || !found.get().enabled() || expected.isEmpty() || !same) {
            throw new PushRefusal(
                    401, "no registration has this data_id together with this access_token");
        }
        return found.get();
    }

    private PushOutcome read(JsonNode root, PushRegistration registration) throws PushRefusal {
        if (!registration.version().equals("v2")) {
            throw new PushRefusal(
                    "data_id "
                            + registration.dataId()
                            + " is registered with version \""
                            + registration.version()
                            + "\" and cannot take data, only v2 can");
        }
        boolean events = registration.type().equals("event");
        if (!events && !registration.type().equals("time_series")) {
            throw new PushRefusal(
                    "data_id "
                            + registration.dataId()
                            + " is registered with type \""
                            + registration.type()
                            + "\" and cannot take data, only time_series and event can");
        }
        JsonNode data = root.get("data");
        if (data == null || !data.isArray()) {
            throw new PushRefusal("data: expected array of items, got " + PushJson.kind(data));
        }
        if (data.isEmpty()) {
            throw new PushRefusal("data: expected at least one item, got empty array");
        }
        long nowMs = clock.millis();
        List<Entry> entries = new ArrayList<>(data.size());
        PushWarnings warnings = new PushWarnings();
        NameCeiling names = new NameCeiling(registrations.names(registration), limits.maxNames());
        for (int i = 0; i < data.size(); i++) {
            PushItem item = new PushItem(data.get(i), i, nowMs, registration, warnings);
            if (events) {
                Point event = item.event(limits.maxEventName());
                item.checkNew("event_name", event.name(), names);
                entries.add(event);
            } else {
                item.metrics(entries, names);
            }
        }
        return new PushOutcome.Accepted(
                registration.dataId(), "push/" + registration.dataId(), entries, warnings.toList());
    }

    private static @Nullable JsonNode present(@Nullable JsonNode node) {
        return node == null || node.isNull() ? null : node;
    }
}
