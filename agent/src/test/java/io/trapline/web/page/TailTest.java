package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import io.trapline.registry.Pins;
import io.trapline.store.LocalStore;
import io.trapline.store.MemoryJournal;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.web.AdminToken;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class TailTest {
    private static RecordEntry at(long time, String text) {
        return new RecordEntry(
                "", time, "logging", "s", "n", "", "idle", text, Map.of("message", text), Map.of());
    }

    private static List<Long> times(List<RecordEntry> records) {
        return records.stream().map(RecordEntry::timeNs).toList();
    }

    @Test
    void what_the_page_shows_already_is_not_told() {
        Tail.Told told = new Tail.Told(5);
        assertThat(times(told.fresh(List.of(at(7, "c"), at(5, "b"), at(3, "a")))))
                .containsExactly(7L);
        assertThat(told.newest()).isEqualTo(7);
    }

    @Test
    void each_is_told_once_a_late_one_too() {
        Tail.Told told = new Tail.Told(5);
        assertThat(told.fresh(List.of(at(5, "a")))).isEmpty();
        assertThat(times(told.fresh(List.of(at(8, "c"), at(5, "a"), at(4, "late")))))
                .containsExactly(8L, 4L);
        assertThat(told.fresh(List.of(at(8, "c"), at(5, "a"), at(4, "late")))).isEmpty();
    }

    @Test
    void what_is_there_twice_is_told_twice() {
        Tail.Told told = new Tail.Told(0);
        assertThat(told.fresh(List.of(at(1, "a"), at(1, "a")))).hasSize(2);
        assertThat(told.fresh(List.of(at(1, "a"), at(1, "a"), at(1, "a")))).hasSize(1);
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void an_open_tail_ends_with_the_pages_and_does_not_keep_the_listener(@TempDir Path directory)
            throws Exception {
        AdminToken token = AdminToken.loadOrCreate(directory);
        try (Store store =
                        LocalStore.open(
                                directory,
                                () -> StoreSettings.DEFAULT,
                                new MemoryJournal(),
                                InstantSource.system());
                Pins pins = Pins.open(directory.resolve("trapline.db"));
                HttpClient client = HttpClient.newHttpClient()) {
            ExplorePages pages =
                    new ExplorePages(
                            new Html("0.0.0", token),
                            Optional.of(store),
                            pins,
                            InstantSource.system());
            WebServer server =
                    WebServer.builder()
                            .host("127.0.0.1")
                            .port(0)
                            .routing(routing -> routing.register(pages))
                            .build()
                            .start();
            try (InputStream tail =
                    client.send(
                                    HttpRequest.newBuilder(
                                                    URI.create(
                                                            "http://127.0.0.1:"
                                                                    + server.port()
                                                                    + "/ui/tail?category=logging"))
                                            .build(),
                                    HttpResponse.BodyHandlers.ofInputStream())
                            .body()) {
                assertThat(new String(tail.readNBytes(6), StandardCharsets.UTF_8))
                        .isEqualTo("retry:");
                pages.close();
                // Returns at the end of the stream, or never.
                byte[] _ = tail.readAllBytes();
            } finally {
                server.stop();
            }
        }
    }
}
