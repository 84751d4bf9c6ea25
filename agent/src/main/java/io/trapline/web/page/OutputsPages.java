package io.trapline.web.page;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.forward.ForwardException;
import io.trapline.web.OutputsCalls;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/// `/ui/outputs`: see [OutputsPage]; its forms pause, resume, send again and drop.
public final class OutputsPages implements HttpService {
    private static final String PATH = "/ui/outputs";

    private final Html html;
    private final OutputsCalls calls;
    private final InstantSource clock;

    public OutputsPages(Html html, OutputsCalls calls, InstantSource clock) {
        this.html = html;
        this.calls = calls;
        this.clock = clock;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get(PATH, this::show);
        rules.post(PATH, this::command);
    }

    private void show(ServerRequest request, ServerResponse response) {
        OutputsPage page =
                OutputsPage.of(calls, html.session(request).isPresent(), clock.instant());
        html.page(request, response, "outputs", "Outputs", "outputs", false, "page", page);
    }

    private void command(ServerRequest request, ServerResponse response)
            throws IOException, ForwardException {
        Optional<Params> form = html.form(request, response);
        if (form.isEmpty()) {
            return;
        }
        String name = form.get().get("name");
        String command = form.get().get("command");
        long id = form.get().number("id", 0);
        Said said =
                switch (calls.command(name, command, id == 0 ? List.of() : List.of(id))) {
                    case OutputsCalls.Outcome.State(String state) ->
                            Said.good("Output " + name + " is " + state + " now.");
                    case OutputsCalls.Outcome.Items(int items) ->
                            Said.good(
                                    items
                                            + (command.equals("drop")
                                                    ? " deleted."
                                                    : " on the way again; what is refused once more"
                                                            + " comes back here."));
                    case OutputsCalls.Outcome.Refused(_, String message) -> Said.bad(message);
                };
        html.seeOther(request, response, PATH, said);
    }
}
