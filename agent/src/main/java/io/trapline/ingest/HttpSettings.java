package io.trapline.ingest;

import io.trapline.config.ConfTable;
import io.trapline.config.HostPort;
import io.trapline.net.ListenSettings;
import io.trapline.net.TlsFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The agent's listener: `[http]`, and `[http_api]` of `datakit.conf`.
///
/// @param socket a Unix socket that serves the same as well
/// @param publicApis paths that a request from outside this host may use; empty = ping, ntp and the
///   write paths
/// @param allowedOrigins CORS origins; empty = every origin is echoed
/// @param disable404Page a 404 has an empty body
/// @param timeout of one request's handling
/// @param requestRate requests a second, by client address and path; 0 = no limit
/// @param requestBurst bucket size of that limit
/// @param maxBodyBytes of a body as sent
/// @param maxDecodedBytes of a body after decompression
public record HttpSettings(
        ListenSettings listen,
        Optional<Path> socket,
        List<String> publicApis,
        List<String> allowedOrigins,
        boolean disable404Page,
        Duration timeout,
        double requestRate,
        int requestBurst,
        long maxBodyBytes,
        long maxDecodedBytes) {
    private static final String SOCKET = "the path of a Unix socket";

    public static final HttpSettings DEFAULT =
            new HttpSettings(
                    ListenSettings.plain("127.0.0.1", 9529),
                    Optional.empty(),
                    List.of(),
                    List.of(),
                    false,
                    Duration.ofSeconds(30),
                    100,
                    500,
                    64L << 20,
                    256L << 20);

    public HttpSettings {
        publicApis = List.copyOf(publicApis);
        allowedOrigins = List.copyOf(allowedOrigins);
    }

    /// Reads `[http]` of `trapline.conf`; what is absent is as in `base`.
    public static HttpSettings read(ConfTable http, HttpSettings base) {
        var settings =
                new HttpSettings(
                        ListenSettings.read(http, base.listen),
                        socket(http).or(base::socket),
                        publicApis(http).orElse(base.publicApis),
                        origins(http, "allowed_origins").orElse(base.allowedOrigins),
                        http.flag("disable_404page").orElse(base.disable404Page),
                        timeout(http).orElse(base.timeout),
                        http.number("request_rate", 0, 1e9).orElse(base.requestRate),
                        burst(http, "request_burst").orElse(base.requestBurst),
                        http.size("max_body", 1, Long.MAX_VALUE).orElse(base.maxBodyBytes),
                        http.size("max_decoded_body", 1, Long.MAX_VALUE)
                                .orElse(base.maxDecodedBytes));
        http.done();
        return settings;
    }

    /// Reads `[http_api]` of `datakit.conf`; adds the keys that are known but not used to `unused`.
    public static HttpSettings readDataKit(ConfTable api, HttpSettings base, List<String> unused) {
        unused.addAll(
                api.passOver(
                        "close_idle_connection",
                        "request_rate_limit_ttl",
                        "rum_origin_ip_header",
                        "rum_app_id_white_list"));
        Optional<Path> socket = socket(api);
        boolean onlySocket =
                api.isText("listen") && api.text("listen", "text").orElse("").startsWith("/");
        ConfTable tls = api.section("tls");
        Optional<TlsFiles> files =
                isSet(tls, "cert") || isSet(tls, "privkey")
                        ? TlsFiles.read(tls, "cert", "privkey")
                        : Optional.empty();
        tls.done();
        var settings =
                new HttpSettings(
                        base.listen
                                .at(onlySocket ? Optional.empty() : api.endpoint("listen"))
                                .with(files),
                        socket.or(() -> onlySocket ? api.path("listen", SOCKET) : base.socket),
                        publicApis(api).orElse(base.publicApis),
                        origins(api, "allowed_cors_origins").orElse(base.allowedOrigins),
                        api.flag("disable_404page").orElse(base.disable404Page),
                        timeout(api).orElse(base.timeout),
                        api.number("request_rate_limit", 0, 1e9).orElse(base.requestRate),
                        burst(api, "request_rate_limit_burst").orElse(base.requestBurst),
                        base.maxBodyBytes,
                        base.maxDecodedBytes);
        api.done();
        return settings;
    }

    /// The same elsewhere.
    public HttpSettings listening(HostPort place) {
        return new HttpSettings(
                listen.at(Optional.of(place)),
                socket,
                publicApis,
                allowedOrigins,
                disable404Page,
                timeout,
                requestRate,
                requestBurst,
                maxBodyBytes,
                maxDecodedBytes);
    }

    /// Address to bind.
    public String host() {
        return listen.host();
    }

    /// 0 = any free one.
    public int port() {
        return listen.port();
    }

    private static Optional<List<String>> publicApis(ConfTable table) {
        String accepted = "a list of paths, such as [\"/v1/write/metric\"]";
        Optional<List<String>> paths = table.texts("public_apis", accepted);
        for (String path : paths.orElse(List.of())) {
            if (!path.startsWith("/")) {
                table.error("public_apis", path + " does not start with /; accepted: " + accepted);
            }
        }
        return paths;
    }

    private static Optional<List<String>> origins(ConfTable table, String key) {
        return table.texts(key, "a list of origins, such as [\"https://app.example\"]");
    }

    private static Optional<Duration> timeout(ConfTable table) {
        return table.duration("timeout", Duration.ofMillis(1), Duration.ofHours(1));
    }

    private static Optional<Integer> burst(ConfTable table, String key) {
        return table.integer(key, 1, Integer.MAX_VALUE).map(Math::toIntExact);
    }

    /// DataKit's sample has the keys with empty texts.
    private static boolean isSet(ConfTable table, String key) {
        return table.has(key)
                && (!table.isText(key) || !table.text(key, "text").orElse("").isBlank());
    }

    private static Optional<Path> socket(ConfTable table) {
        return isSet(table, "listen_socket")
                ? table.path("listen_socket", SOCKET)
                : Optional.empty();
    }
}
