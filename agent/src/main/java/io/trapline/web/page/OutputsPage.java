package io.trapline.web.page;

import io.trapline.forward.AsideItem;
import io.trapline.forward.ForwardException;
import io.trapline.forward.OutputStatus;
import io.trapline.web.OutputsCalls;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What is passed on: how far each output is, what went wrong, what receivers refused.
///
/// @param error why there is nothing to show
record OutputsPage(List<Output> outputs, String error) {
    private static final int MOST_ASIDE = 50;
    private static final int SHOWN = 2000;

    /// @param aside empty unless somebody is logged in: payloads may be anything
    record Output(
            String name,
            String kind,
            String address,
            String state,
            String tone,
            String lag,
            String rate,
            String sent,
            String error,
            String errorAt,
            String next,
            String failing,
            String notice,
            List<String> skipped,
            List<String> changed,
            List<String> dropped,
            long asideCount,
            String asideBytes,
            long lost,
            List<Aside> aside) {
        boolean isGone() {
            return state.equals("gone");
        }

        boolean isPaused() {
            return state.equals("paused");
        }
    }

    record Aside(
            long id,
            String at,
            String status,
            String reason,
            String bytes,
            String payload,
            boolean resend) {}

    static OutputsPage of(OutputsCalls calls, boolean loggedIn, Instant now) {
        List<Output> all = new ArrayList<>();
        try {
            for (OutputStatus status : calls.all()) {
                List<Aside> aside =
                        loggedIn && status.aside() > 0
                                ? calls.aside(status.name(), MOST_ASIDE).stream()
                                        .map(OutputsPage::aside)
                                        .toList()
                                : List.of();
                Optional<Instant> since =
                        Optional.ofNullable(calls.failingSince().get(status.name()));
                all.add(output(status, since, aside, now));
            }
        } catch (ForwardException e) {
            return new OutputsPage(all, String.valueOf(e.getMessage()));
        }
        return new OutputsPage(all, "");
    }

    private static String sent(OutputStatus status, Instant now) {
        String tries =
                status.retries() == 0
                        ? ""
                        : "; "
                                + status.retries()
                                + (status.retries() == 1
                                        ? " request failed and was tried again"
                                        : " requests failed and were tried again");
        return status.sentAt()
                        .map(at ->
                                status.items()
                                        + " items in "
                                        + status.requests()
                                        + " requests, "
                                        + Show.bytes(status.bytes())
                                        + ", the last "
                                        + Show.distance(at, now))
                        .orElse("nothing yet")
                + tries;
    }

    private static String sentence(String text) {
        return text.isEmpty() || text.matches("(?s).*[.!?]\\s*") ? text : text + ".";
    }

    private static Output output(
            OutputStatus status, Optional<Instant> since, List<Aside> aside, Instant now) {
        List<String> skipped = counts(status.skipped());
        List<String> changed = counts(status.changed());
        List<String> dropped = new ArrayList<>();
        for (OutputStatus.Dropped one : status.dropped()) {
            dropped.add(
                    one.values()
                            + " × "
                            + one.reason()
                            + "; it said "
                            + Show.distance(one.at(), now)
                            + ": "
                            + one.said());
        }
        return new Output(
                status.name(),
                status.kind(),
                status.address(),
                status.state(),
                switch (status.state()) {
                    case "running" -> "good";
                    case "failing", "gone" -> "bad";
                    default -> "busy";
                },
                status.lag() == 0 ? "up to date" : Show.batches(status.lag()) + " behind",
                Show.rate(status.itemsPerSecond()) + " items/s",
                sent(status, now),
                sentence(status.error()),
                status.errorAt().map(at -> Show.distance(at, now)).orElse(""),
                status.nextTry().map(at -> Show.distance(at, now)).orElse(""),
                since.map(at -> Show.coarse(Math.max(0, Duration.between(at, now).toSeconds())))
                        .orElse(""),
                status.notice(),
                skipped,
                changed,
                dropped,
                status.aside(),
                Show.bytes(status.asideBytes()),
                status.asideLost(),
                aside);
    }

    private static List<String> counts(Map<String, Long> byReason) {
        List<String> all = new ArrayList<>();
        new TreeMap<>(byReason).forEach((why, count) -> all.add(count + " × " + why));
        return all;
    }

    private static Aside aside(AsideItem item) {
        byte[] payload = item.payload();
        boolean text = payload.length > 0 && (payload[0] == '{' || payload[0] == '"');
        return new Aside(
                item.id(),
                Show.time(item.at()),
                item.status() == 0 ? "not sent" : "HTTP " + item.status(),
                item.reason(),
                Show.bytes(payload.length),
                text
                        ? new String(
                                payload, 0, Math.min(payload.length, SHOWN), StandardCharsets.UTF_8)
                        : "",
                item.resend());
    }
}
