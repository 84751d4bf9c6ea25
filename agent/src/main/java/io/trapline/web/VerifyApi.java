package io.trapline.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.config.OutsideJson;
import io.trapline.forward.ForwardException;
import io.trapline.journal.JournalException;
import io.trapline.store.QueryException;
import io.trapline.verify.Report;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/// `GET /api/verify?since=TIME`: the conservation check, beside everything else that goes on.
///
/// 200 with [Report#toMap] whether the sums agree or not; `{"error": …}` with 400 for a time that
/// is none, 503 when the check is under way already or the store cannot be asked, 403 for a
/// browser's request from another origin.
public final class VerifyApi implements HttpService {
    private static final ObjectMapper JSON = OutsideJson.mapper();

    private final Check check;
    private final Semaphore one = new Semaphore(1);

    /// Makes the check.
    @FunctionalInterface
    public interface Check {
        Report run(Optional<Instant> since)
                throws JournalException, QueryException, ForwardException, InterruptedException;
    }

    public VerifyApi(Check check) {
        this.check = check;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/api/verify", this::verify);
    }

    private void verify(ServerRequest request, ServerResponse response)
            throws JsonProcessingException {
        if (Privilege.isForeign(request)) {
            error(response, 403, "this is not for pages of another origin");
            return;
        }
        Optional<Instant> since;
        try {
            since = request.query().first("since").asOptional().map(Instant::parse);
        } catch (DateTimeParseException e) {
            error(response, 400, "since is no time such as 2026-11-28T10:00:00Z");
            return;
        }
        if (!one.tryAcquire()) {
            error(response, 503, "a check is under way; ask again when it has ended");
            return;
        }
        try {
            json(response, 200, check.run(since).toMap());
        } catch (QueryException e) {
            error(response, 503, "the store could not be asked: " + e.getMessage());
        } catch (JournalException | ForwardException e) {
            error(response, 503, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            error(response, 503, "the agent is being stopped");
        } finally {
            one.release();
        }
    }

    private static void error(ServerResponse response, int status, String message)
            throws JsonProcessingException {
        if (status == 503) {
            response.header(HeaderNames.RETRY_AFTER, "1");
        }
        json(response, status, Map.of("error", message));
    }

    private static void json(ServerResponse response, int status, Map<String, Object> body)
            throws JsonProcessingException {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .send(JSON.writeValueAsBytes(body));
    }
}
