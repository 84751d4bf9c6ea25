package io.trapline.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `--json`, here or at a command above: the answer as one JSON document on one line.
final class JsonOption {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NAME = "--json";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = NAME, description = "Prints the answer as JSON, one document on one line.")
    @SuppressWarnings("UnusedVariable") // read by its name, here and in the commands above
    private boolean json;

    boolean isWanted() {
        for (@Nullable CommandSpec each = command; each != null; each = each.parent()) {
            @Nullable OptionSpec option = each.optionsMap().get(NAME);
            if (option != null && Boolean.TRUE.equals(option.getValue())) {
                return true;
            }
        }
        return false;
    }

    /// @param document what Jackson can write
    static void print(Object document, PrintWriter out) {
        try {
            out.println(JSON.writeValueAsString(document));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer that is not JSON: " + document, e);
        }
        out.flush();
    }
}
