package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What is wrong with an agent by its own status, one line each; for `status --check`.
final class Wrong {
    private static final Set<String> WELL = Set.of("ok", "skipped");

    private Wrong() {}

    /// @param status the answer of `GET /api/status`, with `outputs` as `GET /api/outputs` has them
    static List<String> in(JsonNode status) {
        List<String> found = new ArrayList<>();
        status.path("inputs").forEach(input -> input(input, found));
        for (JsonNode output : status.path("outputs")) {
            if (output.path("state").asText().equals("failing")) {
                found.add(
                        "output "
                                + output.path("name").asText()
                                + " is failing"
                                + because(output.path("error")));
            }
        }
        for (JsonNode repository : status.path("git")) {
            String state = repository.path("state").asText();
            if (state.equals("failing") || state.equals("refused")) {
                found.add(
                        "repository "
                                + repository.path("name").asText()
                                + " is "
                                + state
                                + because(repository.path("error"))
                                + because(repository.path("reasons").path(0)));
            }
        }
        if (!status.path("store").path("error").asText().isEmpty()) {
            found.add("the store: " + status.path("store").path("error").asText());
        }
        JsonNode journal = status.path("journal");
        if (journal.path("max_bytes").asLong() > 0
                && journal.path("bytes").asLong() >= journal.path("max_bytes").asLong()) {
            found.add(
                    "the journal is full: nothing more is taken until its readers have caught up");
        }
        for (JsonNode line : status.path("config_problems")) {
            // Warnings and remarks stand there too; what they are about is in force.
            if (!line.asText().contains(": warning: ") && !line.asText().contains(": info: ")) {
                found.add("configuration: " + line.asText());
            }
        }
        return found;
    }

    private static void input(JsonNode input, List<String> found) {
        String name = input.path("name").asText();
        String state = input.path("state").asText();
        if (!state.equals("running") && !state.equals("starting")) {
            found.add("input " + name + " is " + state + because(input.path("reason")));
        }
        input.path("problems")
                .forEach(problem -> found.add("input " + name + ": " + lastLine(problem)));
        for (JsonNode collector : input.path("collectors")) {
            String id = name + "/" + collector.path("name").asText();
            JsonNode last = collector.path("last");
            if (collector.path("state").asText().equals("paused")) {
                continue;
            }
            if (last.isObject() && !WELL.contains(last.path("outcome").asText())) {
                found.add(
                        id
                                + ", last run: "
                                + last.path("outcome").asText()
                                + because(last.path("error")));
            } else if (!collector.path("reason").asText().isEmpty()) {
                found.add(
                        id
                                + " is "
                                + collector.path("state").asText()
                                + because(collector.path("reason")));
            }
        }
    }

    private static String because(JsonNode reason) {
        String line = lastLine(reason);
        return line.isEmpty() ? "" : ": " + line;
    }

    /// Of a traceback the last line says what happened.
    private static String lastLine(JsonNode text) {
        String stripped = text.asText().strip();
        return stripped.substring(stripped.lastIndexOf('\n') + 1).strip();
    }

    /// What a cursor in the journal belongs to, in plain words.
    static String reader(String name) {
        return switch (name) {
            case "store" -> "the store";
            case "period" -> "the periods of checks";
            default -> name.startsWith("output/") ? "output " + name.substring(7) : name;
        };
    }
}
