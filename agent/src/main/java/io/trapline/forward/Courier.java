package io.trapline.forward;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/// Sends one body for somebody who waits for it: tries again while that may help and there is time.
public final class Courier {
    private final HttpPoster poster;
    private final Duration patience;
    private final LongSupplier nanoTicker;
    private final Pause pause;
    private final Backoff backoff;

    /// Waits.
    @FunctionalInterface
    public interface Pause {
        void of(Duration time) throws InterruptedException;
    }

    /// How it ended.
    public sealed interface Outcome {
        /// The last answer's, or what went wrong instead.
        String text();

        /// @param text the answer's body
        record Delivered(String text) implements Outcome {}

        /// The receiver will not take it.
        record Refused(int status, String text) implements Outcome {}

        /// The receiver was too busy to the end.
        record Limited(String text) implements Outcome {}

        /// Nobody gave a usable answer.
        record Unreachable(String text) implements Outcome {}
    }

    /// @param patience how long to go on after the first try; zero = one try
    public Courier(
            HttpPoster poster,
            Duration patience,
            LongSupplier nanoTicker,
            Pause pause,
            RandomGenerator random) {
        this.poster = poster;
        this.patience = patience;
        this.nanoTicker = nanoTicker;
        this.pause = pause;
        backoff = new Backoff(random);
    }

    /// To a BlueKing receiver.
    public Outcome push(URI url, Map<String, String> headers, byte[] body)
            throws InterruptedException {
        return send(url, headers, body, true);
    }

    /// To an HTTPTrap check.
    public Outcome trap(URI url, Map<String, String> headers, byte[] body)
            throws InterruptedException {
        return send(url, headers, body, false);
    }

    private Outcome send(URI url, Map<String, String> headers, byte[] body, boolean push)
            throws InterruptedException {
        long end = nanoTicker.getAsLong() + patience.toNanos();
        while (true) {
            Outcome outcome;
            Optional<Duration> asked = Optional.empty();
            boolean again = true;
            try {
                HttpAnswer answer = poster.post(url, headers, body);
                Delivery delivery =
                        push ? PushDestination.verdict(answer) : TrapDestination.verdict(answer, 0);
                asked = answer.retryAfter();
                again = answer.status() == 408 || answer.status() == 429 || answer.status() >= 500;
                outcome = outcome(answer, delivery);
            } catch (IOException e) {
                outcome = new Outcome.Unreachable(String.valueOf(e.getMessage()));
            }
            if (!again || outcome instanceof Outcome.Delivered) {
                return outcome;
            }
            Duration wait = backoff.next(asked, false);
            if (nanoTicker.getAsLong() + wait.toNanos() > end) {
                return outcome;
            }
            pause.of(wait);
        }
    }

    private static Outcome outcome(HttpAnswer answer, Delivery delivery) {
        return switch (delivery) {
            case Delivery.Accepted _ -> new Outcome.Delivered(answer.body());
            case Delivery.Refused(int status, String reason, var _) ->
                    new Outcome.Refused(status, reason);
            case Delivery.Disowned(String reason, var _, var _) ->
                    new Outcome.Refused(answer.status(), reason);
            case Delivery.Later(String reason, var _, var _) ->
                    switch (answer.status()) {
                        case 429 -> new Outcome.Limited(reason);
                        case 401, 403, 404, 405 -> new Outcome.Refused(answer.status(), reason);
                        default -> new Outcome.Unreachable(reason);
                    };
        };
    }
}
