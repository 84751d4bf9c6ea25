package io.trapline.web.page;

import io.trapline.registry.Held;
import io.trapline.registry.PushRegistration;
import io.trapline.registry.PushType;
import io.trapline.registry.RecentRequest;
import io.trapline.registry.Registry;
import io.trapline.registry.SeenMetrics;
import java.time.Instant;
import java.util.List;

/// One push registration: what it is, how to send to it, what it sent.
///
/// @param declared where the configuration has it, empty when it can be changed here
/// @param form what the fields show
record PushPage(
        PushRegistration push,
        String declared,
        String created,
        ManageForm form,
        Samples samples,
        List<Indicator> indicators,
        String find,
        String sort,
        String last,
        boolean silent,
        List<Request> requests) {

    /// Ready to copy, filled in for this registration.
    ///
    /// @param token what stands for the token: itself only when it was asked for
    /// @param shown whether it is the token itself
    record Samples(
            long id,
            String url,
            String token,
            boolean shown,
            String json,
            String curl,
            String python,
            String java,
            String tool) {}

    record Request(
            String at, int status, String tone, String bytes, String body, List<String> notes) {
        static Request of(RecentRequest request, Instant now) {
            return new Request(
                    Show.distance(request.time(), now),
                    request.status(),
                    request.status() < 300 ? "good" : "bad",
                    Show.bytes(request.bytes()),
                    request.body(),
                    request.notes());
        }
    }

    boolean isEvent() {
        return push.type() == PushType.EVENT;
    }

    String id() {
        return push.dataId() + "";
    }

    String title() {
        return push.title();
    }

    String rate() {
        return push.rate() == -1
                ? "1000 requests a minute"
                : push.rate() == 0
                        ? "no limit"
                        : push.rate() < 0
                                ? "every request is refused"
                                : push.rate() + " requests a minute";
    }

    String view() {
        return Params.of("id", id()).at("/ui/push/view");
    }

    static PushPage of(
            Registry registry,
            Held<PushRegistration> held,
            String core,
            Params params,
            ManageForm form,
            Instant now) {
        PushRegistration push = held.value();
        SeenMetrics seen = registry.metrics(push.source());
        return new PushPage(
                push,
                SourcesPage.origin(held.origin()),
                switch (held.origin()) {
                    case Held.Origin.Configuration _ -> "";
                    case Held.Origin.Database(Instant created, Instant updated) ->
                            "made "
                                    + Show.distance(created, now)
                                    + ", changed "
                                    + Show.distance(updated, now);
                },
                form,
                samples(push, core, false, now),
                Indicator.of(seen, params.get("q"), params.get("sort"), now),
                params.get("q"),
                params.get("sort", "name"),
                SourcesPage.last(seen, now),
                SourcesPage.last(seen).isEmpty(),
                registry.recent(push.source()).stream()
                        .map(request -> Request.of(request, now))
                        .toList());
    }

    /// @param shown whether the token itself may be in them
    static Samples samples(PushRegistration push, String core, boolean shown, Instant now) {
        String token = shown ? push.accessToken() : "ACCESS_TOKEN";
        String url = core + "/v2/push/";
        boolean event = push.type() == PushType.EVENT;
        String item =
                event
                        ? """
                        {
                          "event_name": "deploy",
                          "event": {"content": "release 42 is out"},
                          "target": "127.0.0.1",
                          "dimension": {"module": "shop", "location": "guangdong"},
                          "timestamp": %d
                        }\
                        """
                        : """
                        {
                          "metrics": {"cpu_load": 10},
                          "target": "127.0.0.1",
                          "dimension": {"module": "db", "location": "guangdong"},
                          "timestamp": %d
                        }\
                        """;
        String json =
                """
                {
                  "data_id": %d,
                  "access_token": "%s",
                  "data": [
                %s
                  ]
                }\
                """
                        .formatted(
                                push.dataId(),
                                token,
                                item.formatted(now.toEpochMilli()).indent(4).stripTrailing());
        String fields =
                event
                        ? "\"event_name\": \"deploy\", \"event\": {\"content\": \"release 42 is out\"}"
                        : "\"metrics\": {\"cpu_load\": 10}";
        String python =
                """
                import json, time, urllib.request

                body = {
                    "data_id": %d,
                    "access_token": "%s",
                    "data": [{
                        %s,
                        "target": "127.0.0.1",
                        "dimension": {"module": "db"},
                        "timestamp": int(time.time() * 1000),
                    }],
                }
                request = urllib.request.Request("%s", json.dumps(body).encode())
                print(urllib.request.urlopen(request, timeout=10).read().decode())\
                """
                        .formatted(push.dataId(), token, fields, url);
        String java =
                """
                String body = \"""
                    {"data_id": %d, "access_token": "%s", "data": [{
                      %s,
                      "target": "127.0.0.1", "dimension": {"module": "db"}, "timestamp": %%d}]}
                    \""".formatted(System.currentTimeMillis());
                HttpRequest request = HttpRequest.newBuilder(URI.create("%s"))
                    .POST(HttpRequest.BodyPublishers.ofString(body)).build();
                System.out.println(HttpClient.newHttpClient()
                    .send(request, HttpResponse.BodyHandlers.ofString()).body());\
                """
                        .formatted(push.dataId(), token, fields, url);
        String tool =
                "TRAPLINE_PUSH_TOKEN=%s ./trapline push send --server %s --data-id %d --target 127.0.0.1 --dim module=db %s"
                        .formatted(
                                token,
                                core,
                                push.dataId(),
                                event
                                        ? "--name deploy --content 'release 42 is out'"
                                        : "--metric cpu_load=10");
        return new Samples(
                push.dataId(),
                url,
                token,
                shown,
                json,
                "curl -X POST " + url + " -d '" + json.replace("'", "'\\''") + "'",
                python,
                java,
                tool);
    }
}
