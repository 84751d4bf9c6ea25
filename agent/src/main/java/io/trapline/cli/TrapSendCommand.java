package io.trapline.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.forward.Addresses;
import io.trapline.forward.Courier;
import io.trapline.forward.HttpPoster;
import io.trapline.ingest.trap.TrapCheck;
import io.trapline.ingest.trap.TrapDecoder;
import io.trapline.ingest.trap.TrapLimits;
import io.trapline.ingest.trap.TrapResult;
import io.trapline.journal.JournalException;
import io.trapline.model.SampleType;
import io.trapline.model.StreamName;
import io.trapline.model.Tag;
import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Sends metrics to an HTTPTrap check. The receiver's own decoder reads the document first.
@Command(
        name = "send",
        description = "Sends metrics to a check's submission URL, here or on another host.",
        footer = {
            "",
            "The submission URL holds the check's secret: it comes from $TRAPLINE_TRAP_URL or a",
            "file, never from the command line, which all users of the machine can see.",
            "Exit codes: 0 ok, 2 usage, 3 refused, 4 too many requests, 5 unreachable."
        })
final class TrapSendCommand implements Callable<Integer> {
    static final String URL_VARIABLE = "TRAPLINE_TRAP_URL";
    private static final String TYPES = "iIlLnshH";
    private static final String STREAM = "|ST[";
    private static final String MEASUREMENT = "|MT{";

    @Spec private CommandSpec spec;
    @Mixin private SendOptions options;

    @Option(
            names = "--url-file",
            paramLabel = "FILE",
            description = "File with the Data Submission URL (- = standard input).")
    private @Nullable String urlFile;

    @Option(
            names = "--metric",
            paramLabel = "NAME=VALUE",
            description = "A metric; its name may carry stream tags, name|ST[a:b]; repeatable.")
    private @Nullable List<String> metrics;

    @Option(
            names = "--tag",
            paramLabel = "K:V",
            description = "A stream tag of every --metric; repeatable.")
    private @Nullable List<String> tags;

    @Option(
            names = "--type",
            paramLabel = "LETTER",
            defaultValue = "n",
            description = "Type of every --metric: i I l L n s h H (default: n, a number).")
    private String type;

    @Option(
            names = "--timestamp",
            paramLabel = "MS",
            description =
                    "Time of every --metric, milliseconds since 1970 (default: when it is received).")
    private @Nullable Long timestamp;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        String document = document();
        byte[] body = document.getBytes(StandardCharsets.UTF_8);
        PrintWriter out = spec.commandLine().getOut();
        long values = check(body);
        if (options.dryRun) {
            out.println(document);
            out.println("would send " + values + " values");
            out.flush();
            return Cli.OK;
        }
        URI url = url();
        try (HttpPoster poster = options.poster()) {
            Courier.Outcome outcome =
                    options.courier(poster)
                            .trap(url, Map.of("Content-Type", "application/json"), body);
            if (!(outcome instanceof Courier.Outcome.Delivered)) {
                // The address alone: what follows it is the secret.
                throw new CommandFailure(
                        SendOptions.exitCode(outcome),
                        "not taken by " + url.getRawAuthority() + ": " + outcome.text());
            }
            if (!options.quiet) {
                out.println(outcome.text());
                out.flush();
            }
        }
        return Cli.OK;
    }

    private String document() throws CommandFailure {
        @Nullable String input = options.input();
        if (input == null && metrics == null) {
            throw new CommandFailure(
                    Cli.USAGE, "nothing to send: give --metric NAME=VALUE, --body or --file");
        }
        if (metrics == null) {
            return String.valueOf(input);
        }
        if (type.length() != 1 || TYPES.indexOf(type) < 0) {
            throw new CommandFailure(
                    Cli.USAGE,
                    "--type "
                            + type
                            + ": accepted are the letters of "
                            + Arrays.toString(letters()));
        }
        List<Tag> all = new ArrayList<>();
        for (String tag : tags == null ? List.<String>of() : tags) {
            int colon = tag.indexOf(':');
            all.add(
                    colon < 0
                            ? new Tag(tag, "")
                            : new Tag(tag.substring(0, colon), tag.substring(colon + 1)));
        }
        ObjectNode own = JsonNodeFactory.instance.objectNode();
        for (String metric : metrics) {
            int equals = endOfName(metric);
            String name = metric.substring(0, equals);
            ObjectNode value = own.putObject(StreamName.sent(name, all));
            value.put("_type", type).put("_value", metric.substring(equals + 1));
            if (timestamp != null) {
                value.put("_ts", timestamp);
            }
        }
        // Documents may follow each other.
        return input == null ? own.toString() : input + "\n" + own;
    }

    /// Where the equals sign stands that ends the name; one between tags belongs to a tag's value.
    private static int endOfName(String metric) throws CommandFailure {
        int equals = metric.indexOf('=');
        int block = equals < 0 ? -1 : firstBlock(metric.substring(0, equals));
        int at = block;
        while (at >= 0 && (metric.startsWith(STREAM, at) || metric.startsWith(MEASUREMENT, at))) {
            int end = metric.indexOf(metric.startsWith(STREAM, at) ? ']' : '}', at);
            at = end < 0 ? -1 : end + 1;
        }
        if (at > block && metric.startsWith("=", at)) {
            return at;
        }
        if (equals < 0) {
            throw new CommandFailure(
                    Cli.USAGE, "--metric " + metric + ": expected NAME=VALUE, found no =");
        }
        return equals;
    }

    private static int firstBlock(String name) {
        int stream = name.indexOf(STREAM);
        int measurement = name.indexOf(MEASUREMENT);
        return stream < 0 || measurement < 0
                ? Math.max(stream, measurement)
                : Math.min(stream, measurement);
    }

    private static char[] letters() {
        char[] letters = new char[SampleType.values().length];
        int i = 0;
        for (SampleType each : SampleType.values()) {
            letters[i++] = each.letter();
        }
        return letters;
    }

    private URI url() throws CommandFailure {
        String text =
                urlFile != null
                        ? SendOptions.read(urlFile, "--url-file").strip()
                        : System.getenv().getOrDefault(URL_VARIABLE, "").strip();
        if (text.isEmpty()) {
            throw new CommandFailure(
                    Cli.USAGE,
                    "no submission URL: set $" + URL_VARIABLE + " or give --url-file FILE");
        }
        try {
            return Addresses.complete(text, "/");
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(Cli.USAGE, "the submission URL: " + e.getMessage());
        }
    }

    /// Has the receiver's decoder read the document; returns how many values it finds.
    private long check(byte[] body) throws CommandFailure {
        TrapCheck check =
                new TrapCheck(
                        new UUID(0, 0),
                        "httptrap",
                        "",
                        "",
                        "",
                        Duration.ofMinutes(1),
                        true,
                        "`",
                        Optional.empty(),
                        "",
                        Set.of(),
                        false,
                        0,
                        Optional.empty());
        try {
            TrapResult result =
                    new TrapDecoder(check, TrapLimits.DEFAULT)
                            .decode(
                                    new ByteArrayInputStream(body),
                                    InstantSource.system().millis(),
                                    _ -> {});
            return switch (result) {
                case TrapResult.Malformed(long _, String message) ->
                        throw new CommandFailure(SendOptions.REFUSED, "not sent: " + message);
                case TrapResult.Unreadable(long _, String message) ->
                        throw new CommandFailure(SendOptions.REFUSED, "not sent: " + message);
                case TrapResult.Done(long stats, long _, Optional<String> error) -> {
                    error.ifPresent(
                            text -> spec.commandLine().getErr().println("warning: " + text));
                    yield stats;
                }
            };
        } catch (JournalException e) {
            throw new IllegalStateException("nothing is written here", e);
        }
    }
}
