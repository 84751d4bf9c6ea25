package io.trapline.web.page;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Parts of pages that renew themselves, as server-sent events `part` whose data is the part's
/// markup. A stream sends what has changed, and ends by itself after a while: browsers connect
/// again, and a browser that is gone is noticed.
final class LiveParts implements AutoCloseable {
    private static final int MOST = 64;
    private static final int RETRY_S = 5;

    private final Semaphore free = new Semaphore(MOST);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Duration every;
    private final int events;

    /// @param every how often a part is made
    /// @param events after how many of them a stream ends
    LiveParts(Duration every, int events) {
        this.every = every;
        this.events = events;
    }

    void stream(ServerRequest request, ServerResponse response, Supplier<byte[]> part) {
        if (closing.getCount() == 0 || !free.tryAcquire()) {
            response.header(HeaderNames.RETRY_AFTER, Integer.toString(RETRY_S));
            Html.text(response, 503, "Too many live parts are being watched; try again later.");
            return;
        }
        response.header(HeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .header(Html.NO_SNIFF, "nosniff");
        try (OutputStream out = response.outputStream()) {
            byte[] last = new byte[0];
            for (int sent = 0; sent < events; sent++) {
                byte[] now = part.get();
                if (!Arrays.equals(last, now)) {
                    send(out, now);
                    last = now;
                } else {
                    out.write(":\n\n".getBytes(StandardCharsets.US_ASCII));
                }
                out.flush();
                if (closing.await(every.toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (IOException | UncheckedIOException _) {
            // Whoever watched is gone.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            free.release();
        }
    }

    private static void send(OutputStream out, byte[] part) throws IOException {
        StringBuilder event = new StringBuilder(part.length + 256).append("event: part\n");
        new String(part, StandardCharsets.UTF_8)
                .lines()
                .forEach(line -> event.append("data: ").append(line).append('\n'));
        out.write(event.append('\n').toString().getBytes(StandardCharsets.UTF_8));
    }

    /// Ends all streams soon.
    @Override
    public void close() {
        closing.countDown();
    }
}
