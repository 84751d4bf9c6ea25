package io.trapline.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.forward.Addresses;
import io.trapline.forward.Courier;
import io.trapline.forward.HttpPoster;
import io.trapline.forward.PushOutputSettings;
import io.trapline.ingest.JsonMistake;
import io.trapline.ingest.LoneSurrogates;
import io.trapline.ingest.push.PushDecoder;
import io.trapline.ingest.push.PushLimits;
import io.trapline.ingest.push.PushOutcome;
import io.trapline.ingest.push.PushRegistration;
import io.trapline.journal.Origin;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Sends metrics or events to a BlueKing receiver. The receiver's own decoder checks every item
/// before anything is sent.
@Command(
        name = "send",
        description = "Sends metrics or events to /v2/push/, here or on another host.",
        footer = {
            "",
            "The access token comes from $TRAPLINE_PUSH_TOKEN, a file or the JSON's access_token;",
            "never from the command line, which all users of the machine can see.",
            "Exit codes: 0 ok, 2 usage, 3 refused, 4 too many requests, 5 unreachable."
        })
final class PushSendCommand implements Callable<Integer> {
    static final String TOKEN_VARIABLE = "TRAPLINE_PUSH_TOKEN";
    private static final int MAX_REQUEST_BYTES = 500_000;
    private static final ObjectMapper JSON =
            new ObjectMapper()
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    @Spec private CommandSpec spec;
    @Mixin private SendOptions options;

    @Option(
            names = {"--server", "--url"},
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1:10205",
            description = "host:port of the receiver, or its full URL (default: 127.0.0.1:10205).")
    private String server;

    @Option(
            names = "--data-id",
            paramLabel = "N",
            description = "The data_id to send with; replaces the one in --body or --file.")
    private @Nullable Long dataId;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "File with the access token (- = standard input).")
    private @Nullable String tokenFile;

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            description = "event or time_series (default: what the first item looks like).")
    private @Nullable String kind;

    @Option(
            names = "--name",
            paramLabel = "TEXT",
            description = "Name of the event that the first item is (event_name).")
    private @Nullable String name;

    @Option(
            names = "--content",
            paramLabel = "TEXT",
            description = "Text of the first item's event (event.content).")
    private @Nullable String content;

    @Option(names = "--target", paramLabel = "TEXT", description = "Target of the first item.")
    private @Nullable String target;

    @Option(
            names = "--timestamp",
            paramLabel = "MS",
            description =
                    "Time of the first item, milliseconds since 1970; items without one get now.")
    private @Nullable Long timestamp;

    @Option(
            names = "--dim",
            paramLabel = "K=V",
            description = "A dimension of the first item; repeatable.")
    private @Nullable Map<String, String> dimensions;

    @Option(
            names = "--metric",
            paramLabel = "NAME=VALUE",
            description = "A metric of the first item; repeatable.")
    private @Nullable Map<String, String> metrics;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        if (SendOptions.STANDARD_INPUT.equals(tokenFile)
                && SendOptions.STANDARD_INPUT.equals(options.file)) {
            throw new CommandFailure(
                    Cli.USAGE, "--token-file - and --file -: standard input holds only one");
        }
        InstantSource clock = InstantSource.system();
        ObjectNode root = root();
        ArrayNode data = data(root);
        complete(data, clock.millis());
        if (dataId != null) {
            root.put("data_id", dataId);
        }
        String token = token(root);
        root.put("access_token", token);
        List<String> warnings = check(root, token, clock);
        warnings.forEach(warning -> spec.commandLine().getErr().println("warning: " + warning));
        List<byte[]> requests = requests(root, data);
        PrintWriter out = spec.commandLine().getOut();
        if (options.dryRun) {
            root.put("access_token", "(hidden)");
            out.println(root.toPrettyString());
            out.println("would send " + data.size() + " items in " + requests.size() + " requests");
            out.flush();
            return Cli.OK;
        }
        return send(requests, out);
    }

    private ObjectNode root() throws CommandFailure {
        @Nullable String input = options.input();
        if (input == null) {
            return JsonNodeFactory.instance.objectNode();
        }
        try {
            JsonNode json = JSON.readTree(LoneSurrogates.replaced(input));
            if (json.isArray()) {
                return JsonNodeFactory.instance.objectNode().set("data", json);
            }
            if (json instanceof ObjectNode object) {
                if (object.has("data")) {
                    return object;
                }
                if (object.has("metrics") || object.has("event") || object.has("event_name")) {
                    ObjectNode root = JsonNodeFactory.instance.objectNode();
                    root.putArray("data").add(object);
                    return root;
                }
                return object;
            }
            throw new CommandFailure(SendOptions.REFUSED, "not sent: the input is no JSON object");
        } catch (JsonProcessingException e) {
            throw new CommandFailure(
                    SendOptions.REFUSED,
                    "not sent: the input is not JSON: "
                            + JsonMistake.explain(
                                    input, e, JSON.getFactory().streamReadConstraints()));
        } catch (NumberFormatException e) {
            throw new CommandFailure(
                    SendOptions.REFUSED,
                    "not sent: the input has a number whose exponent is too large");
        }
    }

    private ArrayNode data(ObjectNode root) throws CommandFailure {
        if (!root.has("data")) {
            root.putArray("data");
        }
        if (!(root.get("data") instanceof ArrayNode data)) {
            throw new CommandFailure(SendOptions.REFUSED, "not sent: data is no list of items");
        }
        return data;
    }

    /// The options' values, over those of the first item; times for all.
    private void complete(ArrayNode data, long nowMs) throws CommandFailure {
        boolean any =
                name != null
                        || content != null
                        || target != null
                        || timestamp != null
                        || dimensions != null
                        || metrics != null;
        if (any && data.isEmpty()) {
            data.addObject();
        }
        if (any && data.get(0) instanceof ObjectNode first) {
            if (name != null) {
                first.put("event_name", name);
            }
            if (content != null) {
                object(first, "event").put("content", content);
            }
            if (target != null) {
                first.put("target", target);
            }
            if (timestamp != null) {
                first.put("timestamp", timestamp);
            }
            if (dimensions != null) {
                dimensions.forEach(object(first, "dimension")::put);
            }
            if (metrics != null) {
                for (Map.Entry<String, String> metric : metrics.entrySet()) {
                    object(first, "metrics").put(metric.getKey(), number(metric));
                }
            }
        }
        for (JsonNode item : data) {
            // Given here, so that it is still the time of the report after a retry.
            if (item instanceof ObjectNode object
                    && (!object.has("timestamp") || isZero(object.get("timestamp")))) {
                object.put("timestamp", nowMs);
            }
        }
    }

    private static boolean isZero(JsonNode number) {
        return number.isNumber() && number.decimalValue().signum() == 0;
    }

    private static ObjectNode object(ObjectNode item, String key) {
        return item.get(key) instanceof ObjectNode there ? there : item.putObject(key);
    }

    private static BigDecimal number(Map.Entry<String, String> metric) throws CommandFailure {
        try {
            return new BigDecimal(metric.getValue());
        } catch (NumberFormatException e) {
            throw new CommandFailure(
                    Cli.USAGE,
                    "--metric %s=%s: the value is no number"
                            .formatted(metric.getKey(), metric.getValue()));
        }
    }

    private String token(ObjectNode root) throws CommandFailure {
        if (tokenFile != null) {
            return SendOptions.read(tokenFile, "--token-file").strip();
        }
        String fromEnvironment = System.getenv().getOrDefault(TOKEN_VARIABLE, "").strip();
        String token =
                fromEnvironment.isEmpty() ? root.path("access_token").asText("") : fromEnvironment;
        if (token.isEmpty()) {
            throw new CommandFailure(
                    Cli.USAGE,
                    "no access token: set $" + TOKEN_VARIABLE + " or give --token-file FILE");
        }
        return token;
    }

    /// Has the receiver's decoder look at everything; returns its warnings.
    private List<String> check(ObjectNode root, String token, InstantSource clock)
            throws CommandFailure {
        JsonNode id = root.path("data_id");
        if (!id.isIntegralNumber() || !id.canConvertToLong() || id.longValue() < 1) {
            throw new CommandFailure(Cli.USAGE, "no data_id: give --data-id N");
        }
        PushRegistration registration =
                new PushRegistration(
                        id.longValue(), token, type(root.path("data")), "v2", 0, -1, true);
        PushDecoder decoder =
                new PushDecoder(
                        _ -> Optional.of(registration),
                        new PushLimits(
                                Integer.MAX_VALUE,
                                PushLimits.DEFAULT.maxEventName(),
                                PushLimits.DEFAULT.maxNames()),
                        clock,
                        System::nanoTime);
        return switch (decoder.decode(root.toString().getBytes(StandardCharsets.UTF_8))) {
            case PushOutcome.Accepted accepted -> accepted.warnings();
            case PushOutcome.Refused refused ->
                    throw new CommandFailure(SendOptions.REFUSED, "not sent: " + refused.message());
        };
    }

    private String type(JsonNode data) throws CommandFailure {
        if (kind == null) {
            // An event may carry metrics, which are ignored.
            JsonNode first = data.path(0);
            boolean event = first.has("event_name") || first.has("event");
            return first.has("metrics") && !event ? "time_series" : "event";
        }
        return switch (kind) {
            case "event" -> "event";
            case "time_series", "timeseries" -> "time_series";
            default ->
                    throw new CommandFailure(
                            Cli.USAGE, "--kind " + kind + ": accepted are event and time_series");
        };
    }

    /// Bodies of at most 500 KB, items in order.
    private static List<byte[]> requests(ObjectNode root, ArrayNode data) throws CommandFailure {
        ObjectNode frame = root.deepCopy();
        frame.putArray("data");
        int around = frame.toString().getBytes(StandardCharsets.UTF_8).length;
        List<byte[]> requests = new ArrayList<>();
        ArrayNode part = frame.putArray("data");
        long bytes = around;
        for (int i = 0; i < data.size(); i++) {
            long size = data.get(i).toString().getBytes(StandardCharsets.UTF_8).length + 1L;
            if (around + size > MAX_REQUEST_BYTES) {
                throw new CommandFailure(
                        SendOptions.REFUSED,
                        "not sent: data[" + i + "] is larger than a request may be, 500 KB");
            }
            if (bytes + size > MAX_REQUEST_BYTES) {
                requests.add(frame.toString().getBytes(StandardCharsets.UTF_8));
                part = frame.putArray("data");
                bytes = around;
            }
            part.add(data.get(i));
            bytes += size;
        }
        requests.add(frame.toString().getBytes(StandardCharsets.UTF_8));
        return requests;
    }

    private int send(List<byte[]> requests, PrintWriter out)
            throws CommandFailure, InterruptedException {
        URI url;
        try {
            url = Addresses.complete(server, PushOutputSettings.PATH);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(Cli.USAGE, "--server " + server + ": " + e.getMessage());
        }
        // Another Trapline remembers it, so that a retry after a lost answer is no second report.
        String sender = "send:" + UUID.randomUUID();
        try (HttpPoster poster = options.poster()) {
            Courier courier = options.courier(poster);
            for (int i = 0; i < requests.size(); i++) {
                Map<String, String> headers =
                        Map.of(
                                "Content-Type",
                                "application/json",
                                Origin.HEADER,
                                new Origin(sender, i + 1L, 0).toString());
                Courier.Outcome outcome = courier.push(url, headers, requests.get(i));
                if (!(outcome instanceof Courier.Outcome.Delivered)) {
                    throw new CommandFailure(
                            SendOptions.exitCode(outcome),
                            "request %d of %d was not taken by %s: %s"
                                    .formatted(i + 1, requests.size(), url, outcome.text()));
                }
                if (!options.quiet) {
                    out.println(outcome.text());
                    out.flush();
                }
            }
        }
        return Cli.OK;
    }
}
