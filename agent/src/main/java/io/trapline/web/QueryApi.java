package io.trapline.web;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.config.OutsideJson;
import io.trapline.store.QueryException;
import io.trapline.store.QueryResult;
import io.trapline.store.ResultFormat;
import io.trapline.store.Store;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/// `POST /api/query`: the body is one reading SQL statement as UTF-8 text.
///
/// The answer is 200 with `{"columns":["a"],"rows":[[1]]}`, cells as in [QueryResult], or
/// `{"error":"…"}`: 400 for a statement that is refused or fails, 503 with `Retry-After` when the
/// store has no time for it, 403 for a browser's request from another origin, 413 for a body over
/// 64 KiB. What was acknowledged before the request is in the answer, unless the store is more than
/// 2 s behind.
public final class QueryApi implements HttpService {
    static final int MAX_BODY = 64 << 10;
    private static final Duration CATCH_UP = Duration.ofSeconds(2);
    private static final JsonFactory JSON = OutsideJson.factory();

    private final Optional<Store> store;

    /// @param store empty when the agent keeps none: every query is answered with that
    public QueryApi(Optional<Store> store) {
        this.store = store;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.post("/api/query", this::query);
    }

    private void query(ServerRequest request, ServerResponse response) throws IOException {
        if (Privilege.isForeign(request)) {
            error(response, Status.FORBIDDEN_403, "this is not for pages of another origin");
            return;
        }
        if (store.isEmpty()) {
            error(
                    response,
                    Status.BAD_REQUEST_400,
                    "this agent keeps no store: [store] enabled = false");
            return;
        }
        Store queried = store.get();
        byte[] body;
        try (InputStream in = request.content().inputStream()) {
            body = in.readNBytes(MAX_BODY + 1);
        }
        if (body.length > MAX_BODY) {
            error(
                    response,
                    Status.REQUEST_ENTITY_TOO_LARGE_413,
                    "the statement is longer than " + MAX_BODY + " bytes");
            return;
        }
        QueryResult result;
        try {
            String sql =
                    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
            // When the store is further behind, what it has is better than no answer.
            boolean _ = queried.catchUp(CATCH_UP);
            result = queried.query(sql, Store.QUERY_TIMEOUT);
        } catch (CharacterCodingException _) {
            error(response, Status.BAD_REQUEST_400, "the body is not UTF-8 text");
            return;
        } catch (QueryException e) {
            if (e.reason() == QueryException.Reason.BUSY
                    || e.reason() == QueryException.Reason.NOT_OPEN) {
                response.header(HeaderNames.RETRY_AFTER, "1");
                error(response, Status.SERVICE_UNAVAILABLE_503, String.valueOf(e.getMessage()));
                return;
            }
            error(
                    response,
                    Status.BAD_REQUEST_400,
                    e.getMessage()
                            + (isJson(body)
                                    ? " (the body is to be the SQL itself as plain text, not JSON)"
                                    : ""));
            return;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            error(response, Status.SERVICE_UNAVAILABLE_503, "the agent is being stopped");
            return;
        }
        response.status(Status.OK_200).header(HeaderNames.CONTENT_TYPE, "application/json");
        try (OutputStream out = response.outputStream()) {
            ResultFormat.JSON.write(result, out);
        }
    }

    /// No statement begins like this.
    private static boolean isJson(byte[] body) {
        String begin = new String(body, StandardCharsets.UTF_8).stripLeading();
        return begin.startsWith("{") || begin.startsWith("[") || begin.startsWith("\"");
    }

    private static void error(ServerResponse response, Status status, String message)
            throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try (JsonGenerator out = JSON.createGenerator(body)) {
            out.writeStartObject();
            out.writeStringField("error", message);
            out.writeEndObject();
        }
        response.status(status).header(HeaderNames.CONTENT_TYPE, "application/json");
        response.send(body.toByteArray());
    }
}
