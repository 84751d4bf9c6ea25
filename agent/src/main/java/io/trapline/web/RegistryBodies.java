package io.trapline.web;

import io.trapline.config.Durations;
import io.trapline.registry.Check;
import io.trapline.registry.FilterJson;
import io.trapline.registry.FilterRule;
import io.trapline.registry.MetricSettings;
import io.trapline.registry.PcrePattern;
import io.trapline.registry.PushRegistration;
import io.trapline.registry.PushType;
import io.trapline.registry.Registry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// What requests to the registry may say: `[[push]]` and `[[trap]]` keys as JSON. The methods
/// answer something to use only when [JsonBody#done] finds no problem afterwards.
final class RegistryBodies {
    private static final int MAX_TEXT = 128;
    private static final int MAX_LONG_TEXT = 4096;
    private static final Pattern LABEL = Pattern.compile("[A-Za-z][A-Za-z0-9_.]*");
    private static final Pattern SECRET = Pattern.compile("[A-Za-z0-9_]+");
    private static final Pattern ID =
            Pattern.compile("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");

    private RegistryBodies() {}

    record NewPush(OptionalLong dataId, LongFunction<PushRegistration> registration) {}

    static NewPush newPush(JsonBody body) {
        Optional<Long> dataId = body.integer("data_id", 1, PushRegistration.MAX_DATA_ID);
        Optional<PushType> type = type(body);
        if (type.isEmpty() && body.value("type").isEmpty()) {
            body.wrong("type", "missing; accepted: time_series or event");
        }
        Optional<String> token = token(body);
        UnaryOperator<PushRegistration> rest = pushSettings(body);
        return new NewPush(
                dataId.map(OptionalLong::of).orElseGet(OptionalLong::empty),
                id ->
                        rest.apply(
                                new PushRegistration(
                                        id,
                                        token.orElseGet(Registry::newAccessToken),
                                        type.orElse(PushType.TIME_SERIES))));
    }

    /// Everything but the id, the token and the type, which make a registration what it is.
    static UnaryOperator<PushRegistration> pushSettings(JsonBody body) {
        Optional<String> name = body.text("name", MAX_TEXT);
        Optional<String> label = body.parsed("label", MAX_TEXT, RegistryBodies::label);
        Optional<String> description = body.text("description", MAX_LONG_TEXT);
        Optional<String> version =
                body.parsed(
                        "version",
                        MAX_TEXT,
                        text -> {
                            if (!text.equals(PushRegistration.VERSION)) {
                                throw new IllegalArgumentException("accepted: v2");
                            }
                            return text;
                        });
        Optional<Long> rate = body.integer("rate", Integer.MIN_VALUE, Integer.MAX_VALUE);
        Optional<Long> offset =
                body.integer("max_future_time_offset", Integer.MIN_VALUE, Integer.MAX_VALUE);
        Optional<Boolean> enabled = body.flag("enabled");
        return old ->
                new PushRegistration(
                        old.dataId(),
                        old.accessToken(),
                        name.orElse(old.name()),
                        label.orElse(old.label()),
                        description.orElse(old.description()),
                        old.type(),
                        version.orElse(old.version()),
                        rate.map(Math::toIntExact).orElse(old.rate()),
                        offset.orElse(old.maxFutureTimeOffset()),
                        enabled.orElse(old.enabled()));
    }

    static Check newCheck(JsonBody body) {
        Optional<UUID> id = body.parsed("id", MAX_TEXT, RegistryBodies::uuid);
        Optional<String> secret =
                body.parsed(
                        "secret",
                        MAX_TEXT,
                        text -> {
                            if (!SECRET.matcher(text).matches()) {
                                throw new IllegalArgumentException(
                                        "accepted: letters, numbers and underscores");
                            }
                            return text;
                        });
        UUID chosen = id.orElseGet(UUID::randomUUID);
        return checkSettings(body)
                .apply(
                        new Check(
                                chosen,
                                secret.orElseGet(Registry::newSecret),
                                chosen.toString(),
                                ""));
    }

    /// Everything but the id and the secret.
    static UnaryOperator<Check> checkSettings(JsonBody body) {
        Optional<String> name = body.text("name", MAX_TEXT);
        Optional<String> target = body.text("target", MAX_TEXT);
        Optional<Duration> period = body.parsed("period", MAX_TEXT, RegistryBodies::period);
        Optional<Boolean> async = body.flag("async_metrics").or(() -> body.flag("asynch_metrics"));
        Optional<String> delimiter =
                body.parsed("delimiter", MAX_TEXT, RegistryBodies::firstCharacter);
        Optional<String> cors = body.parsed("cors_origin", MAX_LONG_TEXT, RegistryBodies::regex);
        Optional<String> tagset =
                body.parsed(
                        "tagset",
                        MAX_LONG_TEXT,
                        text -> {
                            if (!Check.isTagset(text)) {
                                throw new IllegalArgumentException(
                                        "accepted: a tag block such as |ST[dc:1]");
                            }
                            return text;
                        });
        Optional<List<String>> histograms = body.texts("histogram_metrics");
        Optional<Boolean> guess = body.flag("guess_types");
        Optional<Long> rate = body.integer("rate", 0, Integer.MAX_VALUE);
        boolean filtersGiven = body.has("filters");
        Optional<List<FilterRule>> filters =
                body.value("filters")
                        .map(json -> FilterJson.read(json, "filters", body.problems()));
        Optional<Boolean> enabled = body.flag("enabled");
        return old ->
                new Check(
                        old.id(),
                        old.secret(),
                        name.orElse(old.name()),
                        target.orElse(old.target()),
                        period.orElse(old.period()),
                        async.orElse(old.asyncMetrics()),
                        delimiter.orElse(old.delimiter()),
                        cors.orElse(old.corsOrigin()),
                        tagset.orElse(old.tagset()),
                        histograms.orElse(old.histogramMetrics()),
                        guess.orElse(old.guessTypes()),
                        rate.map(Math::toIntExact).orElse(old.rate()),
                        filtersGiven ? filters : old.filters(),
                        enabled.orElse(old.enabled()));
    }

    static UnaryOperator<MetricSettings> metricSettings(JsonBody body) {
        Optional<String> alias = body.text("alias", MAX_TEXT);
        Optional<String> unit = body.text("unit", MAX_TEXT);
        Optional<Boolean> hidden = body.flag("hidden");
        Optional<Boolean> disabled = body.flag("disabled");
        return old ->
                new MetricSettings(
                        alias.orElse(old.alias()),
                        unit.orElse(old.unit()),
                        hidden.orElse(old.hidden()),
                        disabled.orElse(old.disabled()));
    }

    /// How a check's metrics are to be chosen.
    sealed interface Choice {
        /// Nothing is filtered any longer.
        record All() implements Choice {}

        /// Those and nothing else.
        record Only(List<String> names) implements Choice {}

        record Change(List<String> on, List<String> off) implements Choice {}
    }

    static Choice choice(JsonBody body) {
        List<String> on = body.texts("select").orElse(List.of());
        List<String> off = body.texts("deselect").orElse(List.of());
        Optional<List<String>> only = body.texts("only");
        boolean all = body.flag("all").orElse(false);
        List<String> given = new ArrayList<>();
        if (all) {
            given.add("all");
        }
        only.ifPresent(_ -> given.add("only"));
        if (!on.isEmpty() || !off.isEmpty()) {
            given.add("select/deselect");
        }
        if (given.size() > 1) {
            body.wrong(String.join(" and ", given), "not together; send one of them");
        } else if (given.isEmpty() && body.problems().isEmpty()) {
            body.wrong("select", "missing; send select, deselect, only or all");
        }
        for (String name : on) {
            if (off.contains(name)) {
                body.wrong("select", "\"" + name + "\" is in deselect as well");
            }
        }
        return all
                ? new Choice.All()
                : only.<Choice>map(Choice.Only::new).orElseGet(() -> new Choice.Change(on, off));
    }

    static Optional<UUID> id(String text) {
        return ID.matcher(text).matches() ? Optional.of(UUID.fromString(text)) : Optional.empty();
    }

    private static Optional<PushType> type(JsonBody body) {
        return body.parsed(
                "type",
                MAX_TEXT,
                text ->
                        PushType.ofWord(text)
                                .orElseThrow(() ->
                                        new IllegalArgumentException(
                                                "accepted: time_series or event")));
    }

    private static Optional<String> token(JsonBody body) {
        return body.parsed(
                "access_token",
                MAX_TEXT,
                text -> {
                    if (text.isBlank()) {
                        throw new IllegalArgumentException("empty; leave it out to have one made");
                    }
                    return text;
                });
    }

    private static UUID uuid(String text) {
        return id(text).orElseThrow(() ->
                new IllegalArgumentException("accepted: a UUID, 36 characters with dashes"));
    }

    private static Duration period(String text) {
        Duration period = Durations.parse(text);
        if (period.compareTo(Check.MIN_PERIOD) < 0 || period.compareTo(Check.MAX_PERIOD) > 0) {
            throw new IllegalArgumentException("accepted: from 1s to 300s");
        }
        return period;
    }

    private static String firstCharacter(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("empty; accepted: one character");
        }
        return text.substring(0, text.offsetByCodePoints(0, 1));
    }

    private static String regex(String text) {
        try {
            var _ = PcrePattern.compile(text);
            return text;
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "not a regular expression: " + e.getDescription(), e);
        }
    }

    private static String label(String text) {
        if (!text.isEmpty() && !LABEL.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "accepted: an English letter, then letters, digits, underscores and dots");
        }
        return text;
    }
}
