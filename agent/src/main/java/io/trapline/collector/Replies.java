package io.trapline.collector;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.trapline.bridge.WorkerListener.Reply;

/// Upstream's error answers; source: `contracts/datakit.md` section 3.10.
final class Replies {
    private Replies() {}

    static Reply error(int status, String code, String message) {
        return new Reply(
                status,
                "{\"error_code\":\""
                        + quoted(code)
                        + "\",\"message\":\""
                        + quoted(message)
                        + "\"}");
    }

    private static String quoted(String text) {
        return String.valueOf(JsonStringEncoder.getInstance().quoteAsString(text));
    }
}
