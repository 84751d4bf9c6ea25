package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Set;

/// What of an output does not arrive, or arrives otherwise than it is here: a line for each reason.
final class OutputNotes {
    private static final Set<String> MEMBERS = Set.of("skipped", "changed", "dropped");

    private OutputNotes() {}

    /// Whether a member of an output is told here.
    static boolean has(String member) {
        return MEMBERS.contains(member);
    }

    /// @param output as `/api/outputs` has it
    static void print(JsonNode output, PrintWriter out) {
        String name = output.path("name").asText();
        for (JsonNode one : output.path("dropped")) {
            line(
                    out,
                    name,
                    "dropped there",
                    one.path("values").asText(),
                    "%s; it said at %s: %s"
                            .formatted(
                                    one.path("reason").asText(),
                                    one.path("at").asText(),
                                    one.path("said").asText()));
        }
        for (Map.Entry<String, JsonNode> one : output.path("skipped").properties()) {
            line(out, name, "not sent", one.getValue().asText(), one.getKey());
        }
        for (Map.Entry<String, JsonNode> one : output.path("changed").properties()) {
            line(out, name, "arrives changed", one.getValue().asText(), one.getKey());
        }
    }

    private static void line(
            PrintWriter out, String name, String what, String values, String reason) {
        out.println(TextTable.plain(name + ": " + what + ": " + values + " × " + reason));
    }
}
