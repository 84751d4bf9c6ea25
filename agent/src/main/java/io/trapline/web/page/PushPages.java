package io.trapline.web.page;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.registry.Held;
import io.trapline.registry.PushRegistration;
import io.trapline.registry.Registry;
import io.trapline.store.Store;
import io.trapline.web.RegistryCalls;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// `/ui/push`: the list of all that may send, and the pages of push registrations. All changes go
/// through [RegistryCalls], as those of `/api` do.
public final class PushPages implements HttpService {
    private static final String LIST = "/ui/push";
    private static final String SHOW = "/ui/push/show";
    private static final String AT = "push";

    private final Html html;
    private final RegistryCalls calls;
    private final Registry registry;
    private final Ask ask;
    private final InstantSource clock;

    public PushPages(Html html, RegistryCalls calls, Optional<Store> store, InstantSource clock) {
        this.html = html;
        this.calls = calls;
        this.registry = calls.registry();
        this.ask = new Ask(store);
        this.clock = clock;
    }

    /// The form of a new registration.
    record Fresh(boolean event, ManageForm form) {
        String title() {
            return event ? "New custom event" : "New custom metric";
        }
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get(LIST, this::list);
        rules.get(LIST + "/new", this::fresh);
        rules.post(LIST + "/new", this::add);
        rules.post(LIST + "/new/check", this::check);
        rules.get(SHOW, this::show);
        rules.post(LIST + "/save", this::save);
        rules.post(LIST + "/token", this::token);
        rules.post(LIST + "/do", this::command);
        rules.post(LIST + "/metric", this::metric);
        rules.get(LIST + "/view", this::view);
        rules.get(LIST + "/events", this::events);
    }

    private void list(ServerRequest request, ServerResponse response) {
        SourcesPage page = SourcesPage.of(registry, Html.params(request), clock.instant());
        html.page(request, response, "sources", "Push and trap", AT, false, "page", page);
    }

    private void fresh(ServerRequest request, ServerResponse response) {
        boolean event = Html.params(request).get("type").equals("event");
        fresh(request, response, new Fresh(event, ManageForm.EMPTY));
    }

    private void fresh(ServerRequest request, ServerResponse response, Fresh page) {
        html.page(request, response, "pushnew", page.title(), AT, false, "page", page);
    }

    private static ManageForm.Body newBody(Params form) {
        boolean event = form.get("type").equals("event");
        ManageForm.Body body =
                new ManageForm.Body(form).texts("type", "name").filled("label", "description");
        body.integers("rate", "max_future_time_offset");
        if (form.get("name").isBlank()) {
            body.problems().add("name: missing; say what the data is, for people");
        }
        if (event && form.get("label").contains(".")) {
            body.problems().add("label: an event's label has no dots");
        }
        return body;
    }

    private void add(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = html.form(request, response);
        if (form.isEmpty()) {
            return;
        }
        boolean event = form.get().get("type").equals("event");
        ManageForm.Body body = newBody(form.get());
        List<String> problems = body.problems();
        if (problems.isEmpty()) {
            RegistryCalls.Reply reply = call("POST", List.of("push"), body.bytes());
            if (reply.status() == 201) {
                html.seeOther(
                        request,
                        response,
                        Params.of("id", reply.body().get("data_id").asText()).at(SHOW),
                        Said.good(
                                "Registered. Send something, the samples below are ready to copy;"
                                        + " once data is reported, go and view it."));
                return;
            }
            problems = problems(reply);
        }
        response.status(422);
        fresh(request, response, new Fresh(event, ManageForm.complaining(form.get(), problems)));
    }

    /// One field's complaint, when it was left.
    private void check(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = Html.fields(request, response);
        if (form.isEmpty()) {
            return;
        }
        ManageForm.Body body = newBody(form.get());
        List<String> problems = new ArrayList<>(body.problems());
        problems.addAll(calls.problems("push", body.bytes()));
        String field = Html.params(request).get("field");
        String wrong = ManageForm.complaining(form.get(), problems).wrong(field);
        html.page(request, response, "wrong", "", "", false, "text", wrong);
    }

    private void show(ServerRequest request, ServerResponse response) {
        found(request, response, Html.params(request))
                .ifPresent(held -> show(request, response, held, ManageForm.EMPTY));
    }

    private void show(
            ServerRequest request,
            ServerResponse response,
            Held<PushRegistration> held,
            ManageForm complaints) {
        PushRegistration push = held.value();
        ManageForm form =
                complaints.wrong().isEmpty()
                        ? new ManageForm(
                                Map.of(
                                        "name", push.name(),
                                        "label", push.label(),
                                        "description", push.description(),
                                        "rate", push.rate() + "",
                                        "max_future_time_offset", push.maxFutureTimeOffset() + ""),
                                Map.of())
                        : complaints;
        PushPage page =
                PushPage.of(
                        registry,
                        held,
                        calls.coreAddress(),
                        Html.params(request),
                        form,
                        clock.instant());
        html.page(request, response, "push", page.title(), AT, false, "page", page);
    }

    private void save(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = html.form(request, response);
        Optional<Held<PushRegistration>> held =
                form.flatMap(fields -> found(request, response, fields));
        if (held.isEmpty()) {
            return;
        }
        ManageForm.Body body =
                new ManageForm.Body(form.get())
                        .texts("name", "label", "description")
                        .integers("rate", "max_future_time_offset");
        List<String> problems = body.problems();
        if (problems.isEmpty()) {
            RegistryCalls.Reply reply = call("PUT", path(held.get()), body.bytes());
            if (reply.status() == 200) {
                html.seeOther(request, response, address(held.get()), Said.good("Saved."));
                return;
            }
            problems = problems(reply);
        }
        response.status(422);
        show(request, response, held.get(), ManageForm.complaining(form.get(), problems));
    }

    /// Shows the token, and the samples with it; for a session alone.
    private void token(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Held<PushRegistration>> held =
                html.form(request, response).flatMap(form -> found(request, response, form));
        if (held.isEmpty()) {
            return;
        }
        PushPage.Samples samples =
                PushPage.samples(held.get().value(), calls.coreAddress(), true, clock.instant());
        html.page(request, response, "pushsamples", "", "", false, "samples", samples);
    }

    private void command(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = html.form(request, response);
        Optional<Held<PushRegistration>> held =
                form.flatMap(fields -> found(request, response, fields));
        if (held.isEmpty()) {
            return;
        }
        String command = form.get().get("command");
        RegistryCalls.Reply reply =
                command.equals("remove")
                        ? call("DELETE", path(held.get()), new byte[0])
                        : call(
                                "POST",
                                List.of("push", held.get().value().dataId() + "", command),
                                new byte[0]);
        boolean done = reply.status() == 200;
        String text =
                switch (command) {
                    case "remove" ->
                            "Removed: its data_id and token are refused from now on. What it sent"
                                    + " stays.";
                    case "rotate-token" ->
                            "There is a new token; the old one is refused from now on.";
                    case "enable" -> "Enabled.";
                    default -> "Disabled: every request is refused until it is enabled again.";
                };
        html.seeOther(
                request,
                response,
                done && command.equals("remove") ? LIST : address(held.get()),
                done ? Said.good(text) : Said.bad(String.join("; ", problems(reply))));
    }

    /// Alias, unit, hidden, disabled of one name; or forgets it.
    private void metric(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = html.form(request, response);
        Optional<Held<PushRegistration>> held =
                form.flatMap(fields -> found(request, response, fields));
        if (held.isEmpty()) {
            return;
        }
        Said said =
                describe(
                        calls,
                        List.of("push", held.get().value().dataId() + "", "metrics"),
                        form.get());
        html.seeOther(request, response, address(held.get()) + "#indicators", said);
    }

    /// @param metrics the path to the registration's metrics
    static Said describe(RegistryCalls calls, List<String> metrics, Params form) {
        String name = form.get("metric").strip();
        if (name.isEmpty()) {
            return Said.bad("Which metric? Its name is missing.");
        }
        List<String> path = new ArrayList<>(metrics);
        path.add(name);
        boolean forget = form.get("command").equals("forget");
        byte[] body =
                forget
                        ? new byte[0]
                        : new ManageForm.Body(form)
                                .texts("alias", "unit")
                                .flags("hidden", "disabled")
                                .bytes();
        RegistryCalls.Reply reply =
                calls.answer(
                        new RegistryCalls.Call(
                                forget ? "DELETE" : "PUT", path, false, form.get("kind"), body));
        return reply.status() == 200
                ? Said.good(
                        forget
                                ? name + " is off the list; it comes back when it is seen again."
                                : name + " is saved.")
                : Said.bad(String.join("; ", problems(reply)));
    }

    private void view(ServerRequest request, ServerResponse response) {
        Params params = Html.params(request);
        found(request, response, params)
                .ifPresent(held -> {
                    PushRegistration push = held.value();
                    PushViewPage page =
                            PushViewPage.of(
                                    push,
                                    registry.metrics(push.source()),
                                    params,
                                    ask,
                                    clock.instant());
                    html.page(
                            request,
                            response,
                            "pushview",
                            "View of " + page.title(),
                            AT,
                            true,
                            "page",
                            page);
                });
    }

    /// Events by kind over time, as the chart of a metric has its figures.
    private void events(ServerRequest request, ServerResponse response) throws IOException {
        Params params = Html.params(request);
        Optional<Held<PushRegistration>> held = found(request, response, params);
        if (held.isPresent()) {
            EventCounts.send(
                    response,
                    ask,
                    held.get().value().source(),
                    params.get("target"),
                    PushViewPage.length(params.get("range")),
                    clock.instant());
        }
    }

    /// Answers when there is no such registration.
    private Optional<Held<PushRegistration>> found(
            ServerRequest request, ServerResponse response, Params params) {
        String id = params.get("id");
        Optional<Held<PushRegistration>> held =
                id.matches("[0-9]{1,10}")
                        ? registry.heldPush(Long.parseLong(id))
                        : Optional.empty();
        if (held.isEmpty()) {
            response.status(404);
            html.page(
                    request,
                    response,
                    "nothing",
                    "Not found",
                    AT,
                    false,
                    "text",
                    "There is no push registration " + id + ".");
        }
        return held;
    }

    private static List<String> path(Held<PushRegistration> held) {
        return List.of("push", held.value().dataId() + "");
    }

    private static String address(Held<PushRegistration> held) {
        return Params.of("id", held.value().dataId() + "").at(SHOW);
    }

    private RegistryCalls.Reply call(String method, List<String> path, byte[] body) {
        return calls.answer(new RegistryCalls.Call(method, path, false, "", body));
    }

    static List<String> problems(RegistryCalls.Reply reply) {
        List<String> all = new ArrayList<>();
        for (JsonNode problem : reply.body().path("problems")) {
            all.add(problem.asText());
        }
        if (all.isEmpty()) {
            String error = reply.body().path("error").asText();
            all.add(error.startsWith("the name ") ? "name: " + error : error);
        }
        return all;
    }
}
