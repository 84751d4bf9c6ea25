package io.trapline.web.page;

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
    private final RegistryForms forms;
    private final Registry registry;
    private final Ask ask;
    private final InstantSource clock;

    public PushPages(Html html, RegistryCalls calls, Optional<Store> store, InstantSource clock) {
        this.html = html;
        this.calls = calls;
        this.forms = new RegistryForms(html, calls, AT);
        this.registry = calls.registry();
        this.ask = new Ask(store, clock);
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
        rules.post(
                LIST + "/new/check",
                (request, response) -> forms.check(request, response, "push", PushPages::newBody));
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
        List<String> problems =
                forms.submit(
                        "POST",
                        List.of("push"),
                        newBody(form.get()),
                        reply ->
                                html.seeOther(
                                        request,
                                        response,
                                        Params.of("id", reply.body().get("data_id").asText())
                                                .at(SHOW),
                                        Said.good(
                                                "Registered. Send something, the samples below are"
                                                        + " ready to copy; once data is reported,"
                                                        + " go and view it.")));
        if (!problems.isEmpty()) {
            response.status(422);
            fresh(
                    request,
                    response,
                    new Fresh(event, ManageForm.complaining(form.get(), problems)));
        }
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
        List<String> problems =
                forms.submit(
                        "PUT",
                        path(held.get()),
                        body,
                        _ ->
                                html.seeOther(
                                        request,
                                        response,
                                        address(held.get()),
                                        Said.good("Saved.")));
        if (!problems.isEmpty()) {
            response.status(422);
            show(request, response, held.get(), ManageForm.complaining(form.get(), problems));
        }
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
                        ? forms.call("DELETE", path(held.get()), new byte[0])
                        : forms.call(
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
                done ? Said.good(text) : RegistryForms.bad(reply));
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
                forms.describe(
                        List.of("push", held.get().value().dataId() + "", "metrics"), form.get());
        html.seeOther(request, response, address(held.get()) + "#indicators", said);
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
                                    ask.on(Html.here(request)),
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
            forms.notFound(request, response, "There is no push registration " + id + ".");
        }
        return held;
    }

    private static List<String> path(Held<PushRegistration> held) {
        return List.of("push", held.value().dataId() + "");
    }

    private static String address(Held<PushRegistration> held) {
        return Params.of("id", held.value().dataId() + "").at(SHOW);
    }
}
