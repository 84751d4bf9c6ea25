package io.trapline.web.page;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.web.RegistryCalls;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/// What the forms of registrations and of checks have in common; all goes through [RegistryCalls].
final class RegistryForms {
    private final Html html;
    private final RegistryCalls calls;

    /// The place of their pages in the bar.
    private final String at;

    RegistryForms(Html html, RegistryCalls calls, String at) {
        this.html = html;
        this.calls = calls;
        this.at = at;
    }

    RegistryCalls.Reply call(String method, List<String> path, byte[] body) {
        return calls.answer(new RegistryCalls.Call(method, path, false, "", body));
    }

    /// Sends what a form says as a call.
    ///
    /// @param done answers when the call went well
    /// @return what is wrong, otherwise
    List<String> submit(
            String method,
            List<String> path,
            ManageForm.Body body,
            Consumer<RegistryCalls.Reply> done) {
        if (!body.problems().isEmpty()) {
            return body.problems();
        }
        RegistryCalls.Reply reply = call(method, path, body.bytes());
        if (reply.status() >= 300) {
            return problems(reply);
        }
        done.accept(reply);
        return List.of();
    }

    /// What a reply complains of, each with the name of its field where there is one.
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

    static Said bad(RegistryCalls.Reply reply) {
        return Said.bad(String.join("; ", problems(reply)));
    }

    /// One field's complaint, when it was left.
    ///
    /// @param kind `push` or `traps`
    /// @param read the form as the call's body
    void check(
            ServerRequest request,
            ServerResponse response,
            String kind,
            Function<Params, ManageForm.Body> read)
            throws IOException {
        Optional<Params> form = Html.fields(request, response);
        if (form.isEmpty()) {
            return;
        }
        ManageForm.Body body = read.apply(form.get());
        List<String> problems = new ArrayList<>(body.problems());
        problems.addAll(calls.problems(kind, body.bytes()));
        String field = Html.params(request).get("field");
        String wrong = ManageForm.complaining(form.get(), problems).wrong(field);
        html.page(request, response, "wrong", "", "", false, "text", wrong);
    }

    /// Alias, unit, hidden, disabled of one name; or forgets it.
    ///
    /// @param metrics the path to the registration's metrics
    Said describe(List<String> metrics, Params form) {
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
                : bad(reply);
    }

    /// @param text what there is none of
    void notFound(ServerRequest request, ServerResponse response, String text) {
        response.status(404);
        html.page(request, response, "nothing", "Not found", at, false, "text", text);
    }
}
