package io.trapline.forward;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// Posts a body and gives the answer, within a time that covers everything from connecting to the
/// answer's last byte. Any thread may call it.
public final class HttpPoster implements AutoCloseable {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final int MAX_ANSWER_BYTES = 1 << 20;

    private final HttpClient client;
    private final Duration timeout;
    private final InstantSource clock;

    public HttpPoster(Duration timeout, boolean verify, InstantSource clock) {
        this.timeout = timeout;
        this.clock = clock;
        HttpClient.Builder builder =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(
                                timeout.compareTo(CONNECT_LIMIT) < 0 ? timeout : CONNECT_LIMIT);
        if (!verify) {
            builder.sslContext(trustingEverybody());
        }
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
            throw new IOException(reason(cause), cause);
        } catch (TimeoutException e) {
            throw new IOException("no whole answer within " + timeout.toMillis() + " ms", e);
        } finally {
            sent.cancel(true);
        }
    }

    /// The JDK's exceptions often have no message.
    private static String reason(Throwable failure) {
        String name = failure.getClass().getSimpleName().replace("Exception", "");
        Throwable cause = failure.getCause();
        String message = failure.getMessage();
        if ((message == null || message.isEmpty()) && cause != null) {
            message = cause.getMessage();
        }
        return message == null || message.isEmpty() ? name : name + ": " + message;
    }

    private static SSLContext trustingEverybody() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Trusting()}, new SecureRandom());
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
    }

    /// Only for `verify = false`. Being an extended one, it takes the host name check away as well.
    private static final class Trusting extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
