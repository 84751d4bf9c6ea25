package io.trapline.ingest.datakit;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.ingest.HttpSettings;

/// Who may ask for what, and what browsers are told.
///
/// Source: `contracts/datakit.md` section 3.1 with A-14.
final class Access {
    private static final HeaderName FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");
    private static final String ALLOWED_HEADERS =
            "Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, Accept,"
                    + " Origin, Cache-Control, X-Requested-With, *";

    private Access() {}

    static boolean isPublic(String path, HttpSettings settings) {
        if (path.equals("/v1/ping") || path.equals("/v1/ntp")) {
            return true;
        }
        return settings.publicApis().isEmpty()
                ? path.startsWith("/v1/write/")
                : settings.publicApis().contains(path);
    }

    private static String origin(ServerRequest request) {
        return request.headers().first(HeaderNames.ORIGIN).orElse("");
    }

    /// Whether a browser sent it, for a page of whatever site.
    static boolean isOfPage(ServerRequest request) {
        return request.headers().contains(HeaderNames.ORIGIN)
                || !request.headers().first(FETCH_SITE).orElse("none").equals("none");
    }

    /// Whether a browser on another site may write points: any may unless origins are listed.
    static boolean mayWrite(ServerRequest request, HttpSettings settings) {
        return !request.headers().contains(HeaderNames.ORIGIN)
                || settings.allowedOrigins().isEmpty()
                || mayChange(request, settings);
    }

    /// Whether a browser on another site may change settings: only from a listed origin.
    static boolean mayChange(ServerRequest request, HttpSettings settings) {
        return !request.headers().contains(HeaderNames.ORIGIN) || isTrusted(request, settings);
    }

    /// Only together with a `Host` that is this host's own: a name of the page's own may lead here.
    private static boolean isTrusted(ServerRequest request, HttpSettings settings) {
        String origin = origin(request);
        return settings.allowedOrigins().contains(origin)
                || origin.equals("http://" + request.authority())
                || origin.equals("https://" + request.authority());
    }

    /// With credentials for listed origins alone. What is for this host alone is not for the pages
    /// of others, whatever is listed for the rest.
    static void addCors(
            ServerRequest request, ServerResponse response, HttpSettings settings, boolean open) {
        String origin = origin(request);
        boolean listed = settings.allowedOrigins().contains(origin);
        if (!listed && (!settings.allowedOrigins().isEmpty() || !(open || origin.isEmpty()))) {
            return;
        }
        String asked =
                request.headers()
                        .first(HeaderNames.ACCESS_CONTROL_REQUEST_HEADERS)
                        .map(headers -> headers + ", ")
                        .orElse("");
        response.header(HeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin.isEmpty() ? "*" : origin)
                .header(HeaderNames.VARY, "Origin")
                .header(HeaderNames.ACCESS_CONTROL_ALLOW_METHODS, "POST, OPTIONS, GET, PUT")
                .header(HeaderNames.ACCESS_CONTROL_MAX_AGE, "7200")
                .header(HeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, asked + ALLOWED_HEADERS);
        if (listed) {
            response.header(HeaderNames.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
    }
}
