package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.config.FileFailure;
import io.trapline.model.PlainNumber;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// One `push …` or `trap …` command: one call, shown as text or as the answer's JSON.
abstract class RegistryLeaf implements Callable<Integer> {
    private static final String STANDARD_INPUT = "-";

    @Spec private CommandSpec spec;
    @Mixin private HomeOption home;
    @Mixin private JsonOption json;

    @Override
    public final Integer call() throws Exception {
        JsonNode answer;
        try (RegistryLink link = RegistryLink.open(home.home())) {
            answer = ask(link);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json.isWanted()) {
            JsonOption.print(answer, out);
        } else {
            show(answer, out);
        }
        out.flush();
        return Cli.OK;
    }

    abstract JsonNode ask(RegistryLink link) throws CommandFailure, IOException;

    abstract void show(JsonNode answer, PrintWriter out);

    final Terminal terminal() {
        return Cli.terminal(spec);
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static void put(ObjectNode object, String key, @Nullable String value) {
        if (value != null) {
            object.put(key, value);
        }
    }

    static void put(ObjectNode object, String key, @Nullable Long value) {
        if (value != null) {
            object.put(key, value);
        }
    }

    static void put(ObjectNode object, String key, @Nullable List<String> values) {
        if (values != null && !values.isEmpty()) {
            values.forEach(object.putArray(key)::add);
        }
    }

    /// A secret comes from a file or standard input, never from the command line, which every user
    /// of the machine can see.
    static void putSecret(ObjectNode object, String key, @Nullable String file)
            throws CommandFailure {
        if (file == null) {
            return;
        }
        try {
            object.put(
                    key,
                    file.equals(STANDARD_INPUT)
                            ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8).strip()
                            : Files.readString(Path.of(file)).strip());
        } catch (IOException e) {
            throw new CommandFailure(
                    Cli.USAGE, "cannot read " + file + ": " + FileFailure.reason(e));
        }
    }

    /// One line a member.
    static void showMembers(JsonNode object, PrintWriter out) {
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            out.println(member.getKey() + ": " + text(member.getValue()));
        }
    }

    /// `-` where there is nothing.
    static String text(JsonNode value) {
        boolean nothing =
                value.isNull()
                        || value.isMissingNode()
                        || (value.isTextual() && value.textValue().isEmpty());
        return nothing
                ? "-"
                : value.isFloatingPointNumber()
                        ? PlainNumber.of(value.decimalValue())
                        : TextTable.plain(
                                value.isContainerNode() ? value.toString() : value.asText());
    }

    static String seen(JsonNode time) {
        return time.isTextual() ? Times.seconds(time.asText()) : "never";
    }

    static void showBeyond(JsonNode answer, PrintWriter out) {
        if (answer.path("beyond").asLong() > 0) {
            out.println(
                    "and more names than are kept: "
                            + answer.path("beyond").asLong()
                            + " values had one of those");
        }
    }

    static String origin(JsonNode one) {
        return one.path("file").isMissingNode()
                ? "registry"
                : text(one.path("file")) + ":" + text(one.path("line"));
    }
}
