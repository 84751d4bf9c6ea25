package io.trapline.forward;

import io.trapline.net.Trust;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// Posts a body and gives the answer, within a time that covers everything from connecting to the
/// answer's last byte. Any thread may call it.
public final class HttpPoster implements AutoCloseable {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final int MAX_ANSWER_BYTES = 1 << 20;

    /// How a TLS server begins its answer to plain text: record type and version.
    private static final String TLS_ALERT = "\u0015\u0003";

    private final HttpClient client;
    private final Duration timeout;
    private final InstantSource clock;

    /// Trusts whom the JDK trusts, or without `verify` anybody.
    public HttpPoster(Duration timeout, boolean verify, InstantSource clock) {
        this(timeout, verify ? Optional.empty() : Optional.of(Trust.everybody()), clock);
    }

    /// @param trust empty = whom the JDK trusts
    public HttpPoster(Duration timeout, Optional<SSLContext> trust, InstantSource clock) {
        this.timeout = timeout;
        this.clock = clock;
        HttpClient.Builder builder =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(
                                timeout.compareTo(CONNECT_LIMIT) < 0 ? timeout : CONNECT_LIMIT);
        trust.ifPresent(builder::sslContext);
        client = builder.build();
    }

    /// @throws IOException when there was no whole answer; whether the body arrived is not known
    public HttpAnswer post(URI url, Map<String, String> headers, byte[] body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(url)
                        .timeout(timeout)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        headers.forEach(request::header);
        CompletableFuture<HttpResponse<byte[]>> sent =
                client.sendAsync(
                        request.build(),
                        HttpResponse.BodyHandlers.limiting(
                                HttpResponse.BodyHandlers.ofByteArray(), MAX_ANSWER_BYTES));
        try {
            HttpResponse<byte[]> response = sent.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            return new HttpAnswer(
                    response.statusCode(),
                    new String(response.body(), StandardCharsets.UTF_8),
                    HttpAnswer.retryAfter(
                            response.headers().firstValue("Retry-After"), clock.instant()));
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(reason(url, cause), cause);
        } catch (TimeoutException e) {
            throw new IOException("no whole answer within " + timeout.toMillis() + " ms", e);
        } finally {
            sent.cancel(true);
        }
    }

    private static String reason(URI url, Throwable failure) {
        List<Throwable> chain = new ArrayList<>();
        for (Throwable at = failure; at != null && chain.size() < 10; at = at.getCause()) {
            chain.add(at);
        }
        String all = chain.toString();
        if (url.getScheme().equalsIgnoreCase("https")) {
            if (all.contains("CertificateExpiredException")) {
                return "the receiver's certificate has expired";
            }
            if (all.contains("CertificateNotYetValidException")) {
                return "the receiver's certificate is not valid yet; check this host's clock";
            }
            if (all.contains("PKIX path") || all.contains("trustAnchors")) {
                return "the receiver's certificate was issued by nobody that is trusted here; name its"
                        + " issuer's PEM file (--ca, or ca in an output)";
            }
            if (all.contains("No subject alternative") || all.contains("No name matching")) {
                return "the receiver's certificate is for another name than " + url.getHost();
            }
            if (all.contains("unrecognized SSL message") || all.contains("plaintext connection")) {
                return "the receiver does not speak TLS there; an address with http:// may be right";
            }
        } else if (all.contains(TLS_ALERT)) {
            return "the receiver speaks TLS there; its address begins with https://";
        } else if (all.contains("received no bytes")) {
            return "the receiver closed the connection without an answer; if it wants TLS, its address"
                    + " begins with https://";
        }
        if (failure instanceof HttpConnectTimeoutException) {
            return "no connection in time; the host may be down, or a firewall drops it";
        }
        if (all.contains("UnresolvedAddressException")) {
            return "the name "
                    + url.getHost()
                    + " is not known; check it, and the DNS that this host asks";
        }
        if (failure instanceof ConnectException && isEmpty(failure.getMessage())) {
            return "the connection was refused; nothing listens there";
        }
        return plain(failure);
    }

    /// The JDK's exceptions often have no message.
    private static String plain(Throwable failure) {
        String name = failure.getClass().getSimpleName().replace("Exception", "");
        Throwable cause = failure.getCause();
        String message = failure.getMessage();
        if (isEmpty(message) && cause != null) {
            message = cause.getMessage();
        }
        return isEmpty(message) ? name : name + ": " + message;
    }

    private static boolean isEmpty(@Nullable String message) {
        return message == null || message.isEmpty();
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
