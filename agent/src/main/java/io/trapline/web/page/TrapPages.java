package io.trapline.web.page;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.registry.Check;
import io.trapline.registry.Held;
import io.trapline.registry.RecentRequest;
import io.trapline.registry.Registry;
import io.trapline.web.Privilege;
import io.trapline.web.RegistryCalls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// `/ui/trap/…`: the pages of HTTPTrap checks. All changes go through [RegistryCalls], as those of
/// `/api` do; a test submission goes through the check's own decoder.
public final class TrapPages implements HttpService {
    private static final String AT = "push";
    private static final String SHOW = "/ui/trap/show";
    private static final ManageForm DEFAULTS =
            new ManageForm(
                    Map.of("period", "60s", "async_metrics", "on", "delimiter", "`", "rate", "0"),
                    Map.of());

    private final Html html;
    private final RegistryCalls calls;
    private final RegistryForms forms;
    private final Registry registry;
    private final InstantSource clock;

    public TrapPages(Html html, RegistryCalls calls, InstantSource clock) {
        this.html = html;
        this.calls = calls;
        this.forms = new RegistryForms(html, calls, AT);
        this.registry = calls.registry();
        this.clock = clock;
    }

    /// Waiting for the next submission.
    ///
    /// @param next where to ask whether it has come
    record Waiting(String next, String name) {}

    @Override
    public void routing(HttpRules rules) {
        rules.get("/ui/trap/new", this::fresh);
        rules.post("/ui/trap/new", this::add);
        rules.post(
                "/ui/trap/new/check",
                (request, response) -> forms.check(request, response, "traps", TrapPages::body));
        rules.get(SHOW, this::show);
        rules.post("/ui/trap/save", this::save);
        rules.post("/ui/trap/url", this::url);
        rules.post("/ui/trap/do", this::command);
        rules.post("/ui/trap/metric", this::metric);
        rules.post("/ui/trap/select", this::select);
        rules.post("/ui/trap/test", this::test);
        rules.get("/ui/trap/wait", this::waitFor);
    }

    private void fresh(ServerRequest request, ServerResponse response) {
        fresh(request, response, DEFAULTS);
    }

    private void fresh(ServerRequest request, ServerResponse response, ManageForm form) {
        html.page(request, response, "trapnew", "New check", AT, false, "form", form);
    }

    private static ManageForm.Body body(Params form) {
        return new ManageForm.Body(form)
                .texts("name", "target", "tagset", "cors_origin")
                .filled("secret", "period", "delimiter")
                .flags("async_metrics", "guess_types")
                .lists("histogram_metrics")
                .integers("rate");
    }

    private void add(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = html.form(request, response);
        if (form.isEmpty()) {
            return;
        }
        List<String> problems =
                forms.submit(
                        "POST",
                        List.of("traps"),
                        body(form.get()),
                        reply ->
                                html.seeOther(
                                        request,
                                        response,
                                        Params.of("id", reply.body().get("id").asText()).at(SHOW),
                                        Said.good(
                                                "The check is there. Copy its Data Submission URL"
                                                        + " and send JSON to it; what comes is"
                                                        + " listed below.")));
        if (!problems.isEmpty()) {
            response.status(422);
            fresh(request, response, ManageForm.complaining(form.get(), problems));
        }
    }

    private void show(ServerRequest request, ServerResponse response) {
        found(request, response, Html.params(request))
                .ifPresent(held -> show(request, response, held, TrapPage.form(held.value())));
    }

    private void show(
            ServerRequest request, ServerResponse response, Held<Check> held, ManageForm form) {
        TrapPage page =
                TrapPage.of(
                        registry,
                        held,
                        calls.coreAddress(),
                        Html.params(request),
                        form,
                        clock.instant());
        html.page(request, response, "trap", page.title(), AT, false, "page", page);
    }

    private void save(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = html.form(request, response);
        Optional<Held<Check>> held = form.flatMap(fields -> found(request, response, fields));
        if (held.isEmpty()) {
            return;
        }
        List<String> problems =
                forms.submit(
                        "PUT",
                        path(held.get()),
                        body(form.get()).raw("filters"),
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

    /// Shows the Data Submission URL with its secret; for a session alone.
    private void url(ServerRequest request, ServerResponse response) throws IOException {
        html.form(request, response)
                .flatMap(form -> found(request, response, form))
                .ifPresent(held ->
                        html.page(
                                request,
                                response,
                                "trapurl",
                                "",
                                "",
                                false,
                                "submission",
                                TrapPage.submission(held.value(), calls.coreAddress(), true)));
    }

    private void command(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = html.form(request, response);
        Optional<Held<Check>> held = form.flatMap(fields -> found(request, response, fields));
        if (held.isEmpty()) {
            return;
        }
        String command = form.get().get("command");
        RegistryCalls.Reply reply =
                command.equals("remove")
                        ? forms.call("DELETE", path(held.get()), new byte[0])
                        : forms.call(
                                "PUT",
                                path(held.get()),
                                ("{\"enabled\":" + command.equals("enable") + "}")
                                        .getBytes(StandardCharsets.UTF_8));
        boolean done = reply.status() == 200;
        String text =
                switch (command) {
                    case "remove" -> "Removed: its URL is refused from now on. What it sent stays.";
                    case "enable" -> "Enabled.";
                    default -> "Disabled: its URL is refused until it is enabled again.";
                };
        html.seeOther(
                request,
                response,
                done && command.equals("remove") ? "/ui/push" : address(held.get()),
                done ? Said.good(text) : RegistryForms.bad(reply));
    }

    private void metric(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = html.form(request, response);
        Optional<Held<Check>> held = form.flatMap(fields -> found(request, response, fields));
        if (held.isEmpty()) {
            return;
        }
        Said said =
                forms.describe(
                        List.of("traps", held.get().value().id() + "", "metrics"), form.get());
        html.seeOther(request, response, address(held.get()) + "#metrics", said);
    }

    /// Fields `n.0` = name, `was.0` = whether it was selected, `on.0` = whether it is to be.
    private void select(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = html.form(request, response);
        Optional<Held<Check>> held = form.flatMap(fields -> found(request, response, fields));
        if (held.isEmpty()) {
            return;
        }
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode on = json.putArray("select");
        ArrayNode off = json.putArray("deselect");
        for (int i = 0; form.get().values().containsKey("n." + i); i++) {
            boolean was = !form.get().get("was." + i).isEmpty();
            boolean wanted = !form.get().get("on." + i).isEmpty();
            if (wanted != was) {
                (wanted ? on : off).add(form.get().get("n." + i));
            }
        }
        Said said;
        if (on.isEmpty() && off.isEmpty()) {
            said = Said.good("Nothing was changed.");
        } else {
            byte[] body = json.toString().getBytes(StandardCharsets.UTF_8);
            RegistryCalls.Reply reply =
                    forms.call(
                            "PUT",
                            List.of("traps", held.get().value().id().toString(), "metrics"),
                            body);
            said =
                    reply.status() == 200
                            ? Said.good(
                                    "From the next submission on: "
                                            + on.size()
                                            + " more stored, "
                                            + off.size()
                                            + " no longer.")
                            : RegistryForms.bad(reply);
        }
        html.seeOther(request, response, address(held.get()) + "#metrics", said);
    }

    /// Shows what a pasted submission would become. Changes nothing.
    private void test(ServerRequest request, ServerResponse response) throws IOException {
        if (Privilege.isForeign(request)) {
            Html.text(response, 403, "This form is not for pages of another site.");
            return;
        }
        Optional<Params> form = Html.fields(request, response);
        Optional<Held<Check>> held = form.flatMap(fields -> found(request, response, fields));
        if (held.isPresent()) {
            trial(
                    request,
                    response,
                    TrapPage.trial(
                            held.get().value(),
                            "The pasted text",
                            form.get().get("body").getBytes(StandardCharsets.UTF_8),
                            clock.instant()));
        }
    }

    private void trial(ServerRequest request, ServerResponse response, TrapPage.Trial trial) {
        html.page(
                request,
                response,
                Html.isPart(request) ? "traptrial" : "traptrialpage",
                "Test check",
                AT,
                false,
                "page",
                trial);
    }

    /// The next submission after `after`, or the waiting for it.
    private void waitFor(ServerRequest request, ServerResponse response) {
        Params params = Html.params(request);
        Optional<Held<Check>> held = found(request, response, params);
        if (held.isEmpty()) {
            return;
        }
        Check check = held.get().value();
        List<RecentRequest> recent = registry.recent(check.source());
        long after =
                params.number(
                        "after", recent.isEmpty() ? 0 : recent.getFirst().time().toEpochMilli());
        Optional<RecentRequest> next =
                recent.stream()
                        .filter(each -> each.time().toEpochMilli() > after)
                        .reduce((_, older) -> older);
        if (next.isEmpty()) {
            Params again = Params.of("id", check.id().toString(), "after", after + "");
            html.page(
                    request,
                    response,
                    "trapwait",
                    "",
                    AT,
                    false,
                    "page",
                    new Waiting(again.at("/ui/trap/wait"), check.name()));
            return;
        }
        RecentRequest came = next.get();
        byte[] body = came.body().getBytes(StandardCharsets.UTF_8);
        Instant now = clock.instant();
        trial(
                request,
                response,
                TrapPage.trial(
                        check,
                        "The submission of "
                                + Show.time(came.time())
                                + ", answered with "
                                + came.status()
                                + (came.bytes() > body.length
                                        ? "; the first "
                                                + body.length
                                                + " of its "
                                                + came.bytes()
                                                + " bytes"
                                        : ""),
                        body,
                        now));
    }

    /// Answers when there is no such check.
    private Optional<Held<Check>> found(
            ServerRequest request, ServerResponse response, Params params) {
        String id = params.get("id");
        Optional<Held<Check>> held =
                id.matches("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}")
                        ? registry.heldCheck(UUID.fromString(id))
                        : Optional.empty();
        if (held.isEmpty()) {
            forms.notFound(request, response, "There is no check " + id + ".");
        }
        return held;
    }

    private static List<String> path(Held<Check> held) {
        return List.of("traps", held.value().id().toString());
    }

    private static String address(Held<Check> held) {
        return Params.of("id", held.value().id().toString()).at(SHOW);
    }
}
