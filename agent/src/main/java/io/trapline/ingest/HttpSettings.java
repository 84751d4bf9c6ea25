package io.trapline.ingest;

import java.time.Duration;
import java.util.List;

/// The agent's listener: `[http]`, and `[http_api]` of `datakit.conf`.
///
/// @param host address to bind
/// @param port 0 = any free one
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
        String host,
        int port,
        List<String> publicApis,
        List<String> allowedOrigins,
        boolean disable404Page,
        Duration timeout,
        double requestRate,
        int requestBurst,
        long maxBodyBytes,
        long maxDecodedBytes) {
    public static final HttpSettings DEFAULT =
            new HttpSettings(
                    "127.0.0.1",
                    9529,
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
}
