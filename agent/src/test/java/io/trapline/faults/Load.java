package io.trapline.faults;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Writes numbers through several doors at once, each number once, and remembers those that were
/// acknowledged. A request without an answer may or may not have been kept; its numbers are not
/// used again.
public final class Load implements AutoCloseable {
    public static final String TRAP = "a9856a6a-3b46-e18b-d890-acafaa955348";
    public static final String SECRET = "mys3cr3t";

    /// Of the points and samples, by door; a line of line protocol is the metric `lines.id`.
    static final Set<String> NAMES = Set.of("lines", "simple", "pushed", "trapped");

    private static final int IDS_A_REQUEST = 20;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final AtomicLong next = new AtomicLong();
    private final Set<Id> acknowledged = ConcurrentHashMap.newKeySet();
    private final Map<Integer, AtomicInteger> answers = new ConcurrentHashMap<>();
    private final AtomicInteger taken = new AtomicInteger();
    private volatile boolean stopped;
    private List<Thread> clients = List.of();

    /// @param name which door it went through
    public record Id(String name, long id) {}

    /// The registrations that it needs, in `trapline.conf`.
    public static String configuration() {
        return """
        [[push]]
        data_id = 7
        access_token = "t"
        type = "time_series"
        rate = 0
        [[trap]]
        id = "%s"
        secret = "%s"
        period = "5s"
        async_metrics = true
        """
                .formatted(TRAP, SECRET);
    }

    /// Begins, or goes on.
    ///
    /// @param agent address of the agent's listener
    /// @param core address of the core's
    public void begin(String agent, String core) {
        stopped = false;
        clients =
                List.of(
                        Thread.ofVirtual().start(() -> write("lines", agent, core)),
                        Thread.ofVirtual().start(() -> write("lines", agent, core)),
                        Thread.ofVirtual().start(() -> write("simple", agent, core)),
                        Thread.ofVirtual().start(() -> write("pushed", agent, core)),
                        Thread.ofVirtual().start(() -> write("trapped", agent, core)));
    }

    /// Returns when no client is under way any more.
    public void end() throws InterruptedException {
        stopped = true;
        for (Thread client : clients) {
            client.join();
        }
        clients = List.of();
    }

    public Set<Id> acknowledged() {
        return Set.copyOf(acknowledged);
    }

    /// Requests that were acknowledged.
    public int taken() {
        return taken.get();
    }

    /// Status → how often; 0 = no answer.
    public Map<Integer, Integer> answers() {
        Map<Integer, Integer> all = new TreeMap<>();
        answers.forEach((status, count) -> all.put(status, count.get()));
        return all;
    }

    private void write(String door, String agent, String core) {
        while (!stopped) {
            List<Long> ids = new ArrayList<>();
            for (int i = 0; i < IDS_A_REQUEST; i++) {
                ids.add(next.incrementAndGet());
            }
            int status;
            try {
                HttpResponse<String> answer =
                        http.send(
                                request(door, ids, agent, core),
                                HttpResponse.BodyHandlers.ofString());
                status = answer.statusCode();
                if (status == 200
                        && door.equals("pushed")
                        && !answer.body().contains("\"result\":\"true\"")) {
                    status = -1;
                }
            } catch (IOException e) {
                status = 0;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            answers.computeIfAbsent(status, _ -> new AtomicInteger()).incrementAndGet();
            if (status == 200 || status == 204) {
                ids.forEach(id -> acknowledged.add(new Id(door, id)));
                taken.incrementAndGet();
            } else {
                // Not a test's time: a client that is refused waits before it asks again.
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static HttpRequest request(String door, List<Long> ids, String agent, String core) {
        StringBuilder body = new StringBuilder();
        String url =
                switch (door) {
                    case "lines" -> {
                        ids.forEach(id -> body.append("lines id=").append(id).append("i\n"));
                        yield agent + "/v1/write/metric?input=load";
                    }
                    case "simple" -> {
                        for (Long id : ids) {
                            body.append(body.isEmpty() ? "[" : ",")
                                    .append("{\"measurement\":\"simple\",\"fields\":{\"id\":")
                                    .append(id)
                                    .append("}}");
                        }
                        body.append("]");
                        yield agent + "/v1/write/metric?input=load";
                    }
                    case "pushed" -> {
                        body.append("{\"data_id\":7,\"access_token\":\"t\",\"data\":");
                        String begin = "[";
                        for (Long id : ids) {
                            body.append(begin)
                                    .append("{\"metrics\":{\"pushed\":")
                                    .append(id)
                                    .append("},\"target\":\"t\",\"dimension\":{},\"timestamp\":")
                                    .append(System.currentTimeMillis())
                                    .append("}");
                            begin = ",";
                        }
                        body.append("]}");
                        yield core + "/v2/push/";
                    }
                    default -> {
                        // A metric each, so that no two have one stream and time.
                        for (Long id : ids) {
                            body.append(body.isEmpty() ? "{" : ",")
                                    .append("\"trapped|ST[n:")
                                    .append(id)
                                    .append("]\":{\"_type\":\"L\",\"_value\":")
                                    .append(id)
                                    .append("}");
                        }
                        body.append("}");
                        yield core + "/module/httptrap/" + TRAP + "/" + SECRET;
                    }
                };
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(60));
        if (door.equals("simple")) {
            request.header("Content-Type", "application/json");
        }
        return request.POST(HttpRequest.BodyPublishers.ofString(body.toString())).build();
    }

    /// SQL whose rows are name, number, how often it is there.
    public static String query() {
        return "select regexp_extract(name, '^[a-z]+') as door, value::bigint as id, count(*)"
                + " from metrics where regexp_extract(name, '^[a-z]+') in"
                + " ('lines', 'simple', 'pushed', 'trapped') group by all";
    }

    @Override
    public void close() {
        stopped = true;
        clients.forEach(Thread::interrupt);
        http.close();
    }
}
