package io.trapline.collector;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/// When a collector's runs are planned: a prompt first run, then a fixed grid. Pure arithmetic in
/// monotonic nanoseconds, so neither the length of a run nor a step of the wall clock moves a tick.
///
/// The grid lies where the wall clock, read once at the start, is a multiple of the interval plus
/// the collector's splay: the same second of the minute after every restart. When the grid's first
/// tick is not soon enough, one run comes before it, and the grid begins at its first tick that is
/// at least half an interval after that run. Soon enough is [#PROMPT_EACH] for each collector of
/// the input, so that they do not all start at once, but at most [#PROMPT].
///
/// @param first the first planned run
/// @param grid the grid's first tick; equal to `first` when no extra run is needed
/// @param interval nanoseconds between ticks
record Schedule(long first, long grid, long interval) {
    static final long PROMPT = Duration.ofSeconds(2).toNanos();
    static final long PROMPT_EACH = Duration.ofMillis(20).toNanos();

    /// A changed collector waits this long for its next tick; else it runs once before it.
    static final long SOON = Duration.ofMillis(500).toNanos();

    private static final long SHORTEST = Duration.ofMillis(1).toNanos();
    private static final long LONGEST = Duration.ofDays(3650).toNanos();
    private static final double DEFAULT_SECONDS = 10;

    /// @param together collectors of the input, which start together
    /// @param seconds the collector's interval; at least 1 ms is used
    /// @param splay how far into the interval the grid may lie; absent = anywhere
    /// @param now monotonic nanoseconds
    /// @param wallNow nanoseconds since 1970 at the same moment
    static Schedule of(
            String input,
            String collectorId,
            int together,
            double seconds,
            Optional<Duration> splay,
            long now,
            long wallNow) {
        long interval = intervalNanos(seconds);
        long window = splay.map(Schedule::nanos).map(s -> Math.min(s, interval)).orElse(interval);
        long hash = hash(input + '\0' + collectorId);
        long offset = share(hash, window);
        long tick = now + Math.floorMod(offset - Math.floorMod(wallNow, interval), interval);
        long soon = Math.min(PROMPT, together * PROMPT_EACH);
        if (interval <= PROMPT || tick - now <= soon) {
            return new Schedule(tick, tick, interval);
        }
        long first = now + share(hash, Math.min(window, soon));
        while (tick - first < interval / 2) {
            tick += interval;
        }
        return new Schedule(first, tick, interval);
    }

    /// This grid for the next version of a collector.
    ///
    /// @param tick the next planned run, in the past when nobody has looked yet
    /// @param promptly whether one run comes before it when it is not soon
    Schedule goOn(long tick, long now, boolean promptly) {
        long onGrid = tick - grid < 0 ? grid : tick;
        boolean waits = tick - now <= SOON || !promptly;
        return new Schedule(waits ? tick : now, onGrid, interval);
    }

    static long intervalNanos(double seconds) {
        double used = seconds > 0 && Double.isFinite(seconds) ? seconds : DEFAULT_SECONDS;
        return Math.clamp((long) Math.rint(used * 1e9), SHORTEST, LONGEST);
    }

    /// The first planned run after `time`.
    long next(long time) {
        if (time - first < 0) {
            return first;
        }
        if (time - grid < 0) {
            return grid;
        }
        return grid + ((time - grid) / interval + 1) * interval;
    }

    /// The last planned run at or before `time`, which is not before `first`.
    long latest(long time) {
        return time - grid < 0 ? first : grid + (time - grid) / interval * interval;
    }

    /// At most ten years.
    static long nanos(Duration duration) {
        return duration.compareTo(Duration.ofNanos(LONGEST)) > 0
                ? LONGEST
                : Math.max(0, duration.toNanos());
    }

    /// Where in `window` a hash falls; even over the window for even hashes.
    private static long share(long hash, long window) {
        return Math.unsignedMultiplyHigh(hash, window);
    }

    /// FNV-1a with a finishing mix, since the upper bits decide and similar names differ at the
    /// end.
    private static long hash(String text) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
        }
        hash = (hash ^ (hash >>> 30)) * 0xbf58476d1ce4e5b9L;
        hash = (hash ^ (hash >>> 27)) * 0x94d049bb133111ebL;
        return hash ^ (hash >>> 31);
    }
}
