package io.trapline.benchmarks;

import java.nio.charset.StandardCharsets;

/// The bodies that `benchmarks/push` sends; that script makes the same ones.
final class Bodies {
    private static final int METRICS = 20;

    private Bodies() {}

    static byte[] trap() {
        StringBuilder body = new StringBuilder("{");
        for (int i = 0; i < METRICS; i++) {
            body.append(i > 0 ? "," : "").append(metric("app`requests`", i));
        }
        return body.append("}").toString().getBytes(StandardCharsets.UTF_8);
    }

    static byte[] push(long dataId, String token) {
        StringBuilder body =
                new StringBuilder("{\"data_id\":")
                        .append(dataId)
                        .append(",\"access_token\":\"")
                        .append(token)
                        .append("\",\"data\":[{\"metrics\":{");
        for (int i = 0; i < METRICS; i++) {
            body.append(i > 0 ? "," : "").append(metric("requests_", i));
        }
        return body.append("},\"target\":\"10.0.0.1\",\"dimension\":{\"module\":\"db\"}}]}")
                .toString()
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String metric(String prefix, int i) {
        return "\"" + prefix + i + "\":" + (i * 1.25 + 100);
    }
}
