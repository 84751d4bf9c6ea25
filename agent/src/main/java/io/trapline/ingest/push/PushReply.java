package io.trapline.ingest.push;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/// An answer: always JSON with four texts, whatever the status, because clients parse it without a
/// look at the status.
///
/// @param retryAfterS 0 = no `Retry-After`
record PushReply(int status, String message, int retryAfterS, String requestId) {

    static PushReply success() {
        return new PushReply(200, "success", 0, UUID.randomUUID().toString());
    }

    static PushReply failure(int status, String message, int retryAfterS) {
        return new PushReply(status, message, retryAfterS, UUID.randomUUID().toString());
    }

    byte[] body() {
        String json =
                "{\"code\":\""
                        + status
                        + "\",\"message\":\""
                        + new String(JsonStringEncoder.getInstance().quoteAsString(message))
                        + "\",\"request_id\":\""
                        + requestId
                        + "\",\"result\":\""
                        + (status == 200)
                        + "\"}";
        return json.getBytes(StandardCharsets.UTF_8);
    }
}
