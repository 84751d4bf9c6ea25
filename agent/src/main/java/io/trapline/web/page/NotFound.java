package io.trapline.web.page;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/// What a browser gets at an address that nobody else answers: a page with a way back. Register it
/// last. Programs, which do not ask for HTML, get what they always got.
public final class NotFound implements HttpService {
    private static final int MOST_PATH = 200;

    private final Html html;

    public NotFound(Html html) {
        this.html = html;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get(this::answer);
    }

    private void answer(ServerRequest request, ServerResponse response) {
        String accept = request.headers().first(HeaderNames.ACCEPT).orElse("");
        String path = request.path().path();
        boolean program = path.startsWith("/api/") || path.startsWith("/v1/");
        if (program || !accept.contains("text/html") || Html.isPart(request)) {
            response.next();
            return;
        }
        response.status(404);
        html.page(
                request,
                response,
                "nothing",
                "Not found",
                "",
                false,
                "text",
                "There is no page " + Show.shortened(path, MOST_PATH) + " here.");
    }
}
