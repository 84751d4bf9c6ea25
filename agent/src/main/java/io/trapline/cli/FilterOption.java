package io.trapline.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.config.FileFailure;
import io.trapline.ingest.JsonMistake;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;

/// Filter rules from the command line: `TYPE`, `TYPE:METRIC_PATTERN` or `TYPE:KEY=VALUE`, where
/// `TYPE` is allow or deny and `KEY` one of `[[trap]] filters`; everything else from a file.
final class FilterOption {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> TYPES = Set.of("allow", "accept", "deny");
    private static final Set<String> KEYS =
            Set.of("metric", "stream_tags", "measurement_tags", "target", "module", "name", "id");
    private static final String LIST = "metric_list";

    private FilterOption() {}

    static ObjectNode rule(String text) throws CommandFailure {
        int colon = text.indexOf(':');
        String type = colon < 0 ? text : text.substring(0, colon);
        if (!TYPES.contains(type)) {
            throw new CommandFailure(
                    Cli.USAGE,
                    "--filter "
                            + text
                            + ": begin with allow or deny, such as deny:^tmp or"
                            + " allow:stream_tags=and(env:prod); other types go into a file for"
                            + " --filters");
        }
        ObjectNode rule = RegistryLeaf.object().put("type", type);
        if (colon < 0) {
            return rule;
        }
        String condition = text.substring(colon + 1);
        int equals = condition.indexOf('=');
        String key = equals < 0 ? "" : condition.substring(0, equals);
        if (KEYS.contains(key)) {
            return rule.put(key, condition.substring(equals + 1));
        }
        if (key.equals(LIST)) {
            names(condition.substring(equals + 1)).forEach(rule.putArray(LIST)::add);
            return rule;
        }
        return rule.put("metric", condition);
    }

    /// Commas divide names, except those between the tags of one.
    private static List<String> names(String text) {
        List<String> names = new ArrayList<>();
        int depth = 0;
        int start = 0;
        for (int i = 0; i <= text.length(); i++) {
            char c = i < text.length() ? text.charAt(i) : ',';
            if (c == '[' || c == '{') {
                depth++;
            } else if (c == ']' || c == '}') {
                depth--;
            } else if (c == ',' && (depth == 0 || i == text.length())) {
                if (i > start) {
                    names.add(text.substring(start, i));
                }
                start = i + 1;
            }
        }
        return names;
    }

    /// A `.json` file with a list of rules, or a TOML file with `filters = […]`.
    static JsonNode file(Path file) throws CommandFailure {
        String text = "";
        try {
            text = Files.readString(file);
            if (file.toString().endsWith(".json")) {
                JsonNode json = JSON.readTree(text);
                return json.isObject() ? json.path("filters") : json;
            }
            TomlParseResult toml = Toml.parse(text);
            if (toml.hasErrors()) {
                throw new CommandFailure(
                        Cli.USAGE, file + ": not TOML: " + toml.errors().getFirst().getMessage());
            }
            return JSON.readTree(toml.toJson()).path("filters");
        } catch (JsonProcessingException e) {
            throw new CommandFailure(
                    Cli.USAGE,
                    file
                            + ": not JSON: "
                            + JsonMistake.explain(
                                    text, e, JSON.getFactory().streamReadConstraints()));
        } catch (IOException e) {
            throw new CommandFailure(
                    Cli.USAGE, "cannot read " + file + ": " + FileFailure.reason(e));
        }
    }
}
