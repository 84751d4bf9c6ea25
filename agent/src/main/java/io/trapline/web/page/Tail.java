package io.trapline.web.page;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.store.Store;
import io.trapline.web.page.Ask.Answer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// New records as they are stored, as server-sent events: `rows` with table rows, newest first, and
/// `left` with a number of records that came too fast to be shown.
///
/// Each time the store has advanced, the newest records of the last minutes are read again and
/// those not told yet are told; so a record that comes a little late is told too, and one that is
/// there twice is told twice. The number of tails, of rows in an event and of events a second are
/// bounded.
final class Tail implements AutoCloseable {
    private static final HeaderName LAST_ID = HeaderNames.create("Last-Event-ID");
    private static final int AT_ONCE = 8;
    private static final int MOST_ROWS = 100;
    private static final Duration BACK = Duration.ofMinutes(5);

    /// As long as a stop of the agent may have to wait for a tail.
    private static final Duration SLICE = Duration.ofMillis(500);

    private static final int SLICES_PER_SIGN_OF_LIFE = 20;

    private final Store store;
    private final Ask ask;
    private final InstantSource clock;
    private final Semaphore places = new Semaphore(AT_ONCE);
    private final CountDownLatch closing = new CountDownLatch(1);

    Tail(Store store, Ask ask, InstantSource clock) {
        this.store = store;
        this.ask = ask;
        this.clock = clock;
    }

    void serve(ServerRequest request, ServerResponse response, Params params) throws IOException {
        if (!places.tryAcquire()) {
            Html.text(response, 503, AT_ONCE + " live tails are open already; close one");
            return;
        }
        try {
            long after =
                    Params.of("id", request.headers().first(LAST_ID).orElse(""))
                            .number("id", params.number("after", 0));
            response.header(HeaderNames.CONTENT_TYPE, "text/event-stream")
                    .header(HeaderNames.CACHE_CONTROL, "no-store")
                    .header(Reply.NO_SNIFF, "nosniff");
            try (OutputStream out = response.outputStream()) {
                tell(out, params, after);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            places.release();
        }
    }

    /// Ends when the reader is gone (writing fails), or this or the store is closed.
    private void tell(OutputStream out, Params params, long after)
            throws IOException, InterruptedException {
        Told told = new Told(after);
        long position = -1;
        int quiet = 0;
        write(out, "retry: 2000\n\n");
        while (closing.getCount() > 0) {
            if (position >= 0 && !store.awaitPosition(position + 1, SLICE)) {
                if (++quiet % SLICES_PER_SIGN_OF_LIFE == 0) {
                    write(out, ": still here\n\n");
                }
                continue;
            }
            position = store.status().position();
            Answer answer = ask.rows(sql(params));
            if (!answer.error().isEmpty()) {
                write(out, event("failed", "", answer.error()));
                return;
            }
            List<RecordEntry> fresh =
                    told.fresh(answer.rows().stream().map(RecordEntry::of).toList());
            List<RecordEntry> shown = fresh.stream().limit(MOST_ROWS).toList();
            if (!shown.isEmpty()) {
                String rows =
                        new String(
                                Html.render(
                                        "rows",
                                        Map.of("rows", new RecordsPage.Rows(params, shown))),
                                StandardCharsets.UTF_8);
                write(out, event("rows", String.valueOf(told.newest()), rows));
            }
            if (fresh.size() > shown.size()) {
                write(out, event("left", "", String.valueOf(fresh.size() - shown.size())));
            }
            boolean _ = closing.await(SLICE.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /// Ends the tails that are open, each within [#SLICE].
    @Override
    public void close() {
        closing.countDown();
    }

    private String sql(Params params) {
        Instant from = clock.instant().minus(BACK);
        return "SELECT "
                + RecordEntry.COLUMNS
                + " FROM records WHERE time >= "
                + Sql.time(from)
                + RecordsPage.narrow(params)
                + " ORDER BY time_ns DESC LIMIT "
                + 2 * MOST_ROWS;
    }

    private static String event(String name, String id, String data) {
        StringBuilder event = new StringBuilder("event: ").append(name).append('\n');
        if (!id.isEmpty()) {
            event.append("id: ").append(id).append('\n');
        }
        data.lines().forEach(line -> event.append("data: ").append(line).append('\n'));
        return event.append('\n').toString();
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    /// Which records a reader has been told.
    static final class Told {
        private static final int REMEMBERED = 1000;

        private final long after;
        private long newest;
        private final Map<String, Integer> times = new HashMap<>();
        private final Deque<String> order = new ArrayDeque<>();
        private boolean first = true;

        /// @param after the reader has those up to this time already, in nanoseconds
        Told(long after) {
            this.after = after;
            this.newest = after;
        }

        long newest() {
            return newest;
        }

        /// Those of `records` that are new, in the same order.
        List<RecordEntry> fresh(List<RecordEntry> records) {
            Map<String, Integer> here = new HashMap<>();
            List<RecordEntry> fresh = new ArrayList<>();
            for (RecordEntry record : records) {
                String key = record.key();
                int count = here.merge(key, 1, Integer::sum);
                if (count <= times.getOrDefault(key, 0)) {
                    continue;
                }
                remember(key, count);
                newest = Math.max(newest, record.timeNs());
                if (!first || record.timeNs() > after) {
                    fresh.add(record);
                }
            }
            first = false;
            return fresh;
        }

        private void remember(String key, int count) {
            if (times.put(key, count) == null) {
                order.addLast(key);
            }
            while (order.size() > REMEMBERED) {
                times.remove(order.removeFirst());
            }
        }
    }
}
