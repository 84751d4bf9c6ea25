package io.trapline.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.Home;
import io.trapline.TryOut;
import io.trapline.collector.TryRun;
import io.trapline.collector.TryRun.Tried;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "try",
        description =
                "Runs each collector once and shows what would be stored; stores nothing. Exit code"
                        + " 1 if any failed.")
final class TryCommand implements Callable<Integer> {
    @Mixin private HomeOption home;
    @Spec private CommandSpec spec;

    @Parameters(
            paramLabel = "TARGET",
            description = "An input's name, a folder or file below python.d, or any path.")
    private String target;

    @Option(names = "--class", paramLabel = "NAME", description = "Only this class; repeatable.")
    private List<String> classes = new ArrayList<>();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Home folder = home.home();
        TryRun.Result result;
        try {
            result =
                    TryOut.run(
                            folder,
                            HomeOption.program(),
                            target,
                            name -> classes.isEmpty() || classes.contains(name));
        } catch (TryOut.NotFoundException e) {
            throw new CommandFailure(Cli.USAGE, e.getMessage());
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new ObjectMapper().writeValueAsString(object(result)));
        } else {
            print(result, out);
        }
        return result.good() ? Cli.OK : Cli.FAILED;
    }

    private static void print(TryRun.Result result, PrintWriter out) {
        for (Tried tried : result.collectors()) {
            out.println(
                    "%s (%s, every %s s): %s in %.1f ms, %d point(s)"
                            .formatted(
                                    tried.name(),
                                    tried.file(),
                                    plain(tried.interval()),
                                    tried.outcome().word(),
                                    tried.durationMs(),
                                    tried.entries().size()));
            for (Entry entry : tried.entries()) {
                if (entry instanceof Point point) {
                    out.println("  " + line(point));
                }
            }
            tried.warnings().forEach(warning -> out.println("  warning: " + warning));
            tried.refused().forEach(refusal -> out.println("  refused: " + refusal));
            tried.lines().forEach(line -> out.println("  | " + line));
            if (!tried.error().isEmpty()) {
                out.println(tried.error().strip().indent(2).stripTrailing());
            }
            out.println();
        }
        result.problems().forEach(problem -> out.println("problem: " + problem.strip() + "\n"));
        if (!result.failure().isEmpty()) {
            out.println("failed: " + result.failure());
        }
    }

    private static String line(Point point) {
        return "%s %s%s %s @%s"
                .formatted(
                        point.category().word(),
                        point.name(),
                        point.tags().isEmpty()
                                ? ""
                                : point.tags().stream()
                                        .map(tag -> tag.key() + "=" + tag.value())
                                        .collect(Collectors.joining(", ", " {", "}")),
                        point.fields().stream()
                                .map(field -> field.key() + "=" + text(field.value()))
                                .collect(Collectors.joining(", ")),
                        time(point));
    }

    private static Map<String, Object> object(TryRun.Result result) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("ok", result.good());
        all.put("collectors", result.collectors().stream().map(TryCommand::object).toList());
        all.put("problems", result.problems());
        all.put("failure", result.failure());
        return all;
    }

    private static Map<String, Object> object(Tried tried) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("name", tried.name());
        all.put("file", tried.file());
        all.put("interval_s", tried.interval());
        all.put("outcome", tried.outcome().word());
        all.put("duration_ms", tried.durationMs());
        List<Map<String, Object>> points = new ArrayList<>();
        for (Entry entry : tried.entries()) {
            if (entry instanceof Point point) {
                points.add(object(point));
            }
        }
        all.put("points", points);
        all.put("warnings", tried.warnings());
        all.put("refused", tried.refused());
        all.put("lines", tried.lines());
        all.put("error", tried.error());
        return all;
    }

    private static Map<String, Object> object(Point point) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("category", point.category().word());
        all.put("name", point.name());
        Map<String, String> tags = new LinkedHashMap<>();
        for (Tag tag : point.tags()) {
            tags.put(tag.key(), tag.value());
        }
        all.put("tags", tags);
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        for (Field field : point.fields()) {
            fields.put(field.key(), value(field.value()));
        }
        all.put("fields", fields);
        all.put("time", time(point));
        return all;
    }

    private static @Nullable Object value(FieldValue value) {
        return switch (value) {
            case FieldValue.Real(double number, var digits) ->
                    digits == null ? (Object) number : new java.math.BigInteger(digits);
            case FieldValue.Int(long number) -> number;
            case FieldValue.UInt(long bits) ->
                    new java.math.BigInteger(Long.toUnsignedString(bits));
            case FieldValue.Bool(boolean yes) -> yes;
            case FieldValue.Text(String text) -> text;
            case FieldValue.Bytes(var bytes) -> bytes.toBase64();
            case FieldValue.Array(var values) -> {
                List<@Nullable Object> all = new ArrayList<>();
                values.forEach(element -> all.add(value(element)));
                yield all;
            }
            case FieldValue.Null _ -> null;
        };
    }

    private static String text(FieldValue value) {
        return value instanceof FieldValue.Text(String text)
                ? "\"" + text.replace("\n", "\\n") + "\""
                : value instanceof FieldValue.Real(double number, var digits) && digits == null
                        ? plain(number)
                        : String.valueOf(value(value));
    }

    private static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? String.valueOf((long) number)
                : String.valueOf(number);
    }

    private static String time(Point point) {
        return Instant.ofEpochSecond(
                        Math.floorDiv(point.timeNs(), 1_000_000_000L),
                        Math.floorMod(point.timeNs(), 1_000_000_000L))
                .toString();
    }
}
