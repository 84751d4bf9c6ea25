package io.trapline.ingest.datakit;

import io.trapline.pipeline.Decoded.TagChoice;
import java.util.function.UnaryOperator;

/// What a write says besides its body: the query parameters and two headers.
///
/// Source: `contracts/datakit.md` sections 3.3 and 3.4. Presence parameters count when their value
/// is not empty, whatever it says. Absent texts are empty.
record WriteRequest(
        String category,
        String precision,
        String input,
        String storageIndex,
        String version,
        TagChoice tags,
        boolean strict,
        boolean dry,
        Echo echo,
        String contentType,
        String encoding) {

    enum Echo {
        NONE,
        LINE_PROTOCOL,
        JSON,
        TYPED_JSON
    }

    /// @param query the first value of a parameter, or an empty text
    static WriteRequest of(
            String category,
            UnaryOperator<String> query,
            String contentType,
            String contentEncoding) {
        String encoding = query.apply("encoding");
        return new WriteRequest(
                category,
                query.apply("precision"),
                query.apply("input"),
                query.apply("storage_index"),
                query.apply("version"),
                tags(query),
                !query.apply("strict").isEmpty(),
                !query.apply("dry").isEmpty(),
                echo(query),
                contentType,
                encoding.isEmpty() ? contentEncoding : encoding);
    }

    private static TagChoice tags(UnaryOperator<String> query) {
        if (!query.apply("global_election_tags").isEmpty()) {
            return TagChoice.ELECTION;
        }
        boolean ignore =
                !query.apply("ignore_global_host_tags").isEmpty()
                        || !query.apply("ignore_global_tags").isEmpty();
        return ignore ? TagChoice.NONE : TagChoice.HOST;
    }

    private static Echo echo(UnaryOperator<String> query) {
        return switch (query.apply("echo")) {
            case "lp" -> Echo.LINE_PROTOCOL;
            case "json" -> Echo.JSON;
            case "pbjson" -> Echo.TYPED_JSON;
            case "" -> oldEcho(query);
            default -> Echo.NONE;
        };
    }

    private static Echo oldEcho(UnaryOperator<String> query) {
        if (!query.apply("echo_line_proto").isEmpty()) {
            return Echo.LINE_PROTOCOL;
        }
        return query.apply("echo_json").isEmpty() ? Echo.NONE : Echo.JSON;
    }
}
