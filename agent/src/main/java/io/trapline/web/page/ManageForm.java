package io.trapline.web.page;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.config.OutsideJson;
import io.trapline.ingest.JsonMistake;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A form's fields as the JSON that `/api` takes, and its complaints back at their fields.
///
/// @param values what the fields show
/// @param wrong by field, what is wrong with it; `""` for what belongs to none
record ManageForm(Map<String, String> values, Map<String, String> wrong) {
    static final ManageForm EMPTY = new ManageForm(Map.of(), Map.of());
    private static final ObjectMapper JSON = OutsideJson.mapper();

    ManageForm {
        values = Map.copyOf(values);
        wrong = Map.copyOf(wrong);
    }

    String get(String key) {
        return values.getOrDefault(key, "");
    }

    boolean has(String key) {
        return !get(key).isEmpty();
    }

    String wrong(String key) {
        return wrong.getOrDefault(key, "");
    }

    /// What the calls complained about, each as `key: what`.
    static ManageForm complaining(Params fields, List<String> problems) {
        Map<String, String> wrong = new LinkedHashMap<>();
        for (String problem : problems) {
            int colon = problem.indexOf(": ");
            String key = colon > 0 ? problem.substring(0, colon).replaceFirst("[\\[.].*", "") : "";
            boolean known = problem.matches("[a-z_]+[\\[.:].*") && fields.values().containsKey(key);
            wrong.merge(
                    known ? key : "",
                    // Of filters[1].metric the field is filters, and which rule has to be said.
                    known && key.length() == colon ? problem.substring(colon + 2) : problem,
                    (a, b) -> a + "; " + b);
        }
        return new ManageForm(fields.values(), wrong);
    }

    /// Collects members; a field that is empty or absent is left out, unless said otherwise.
    static final class Body {
        private final Params fields;
        private final ObjectNode json = JsonNodeFactory.instance.objectNode();
        private final List<String> problems = new ArrayList<>();

        Body(Params fields) {
            this.fields = fields;
        }

        /// @param keys of which an empty text is a text
        Body texts(String... keys) {
            for (String key : keys) {
                if (fields.values().containsKey(key)) {
                    json.put(key, fields.get(key).strip());
                }
            }
            return this;
        }

        Body filled(String... keys) {
            for (String key : keys) {
                if (!fields.get(key).isBlank()) {
                    json.put(key, fields.get(key).strip());
                }
            }
            return this;
        }

        Body integers(String... keys) {
            for (String key : keys) {
                String text = fields.get(key).strip();
                if (!text.isEmpty()) {
                    if (text.matches("-?[0-9]{1,18}")) {
                        json.put(key, Long.parseLong(text));
                    } else {
                        problems.add(key + ": expected a whole number");
                    }
                }
            }
            return this;
        }

        /// Boxes: one that is not ticked does not come along.
        Body flags(String... keys) {
            for (String key : keys) {
                json.put(key, !fields.get(key).isEmpty());
            }
            return this;
        }

        /// A list, one a line or between commas.
        Body lists(String... keys) {
            for (String key : keys) {
                ArrayNode list = json.putArray(key);
                for (String part : fields.get(key).split("[,\r\n]+")) {
                    if (!part.isBlank()) {
                        list.add(part.strip());
                    }
                }
            }
            return this;
        }

        /// JSON as such; empty is null.
        Body raw(String key) {
            String text = fields.get(key);
            try {
                JsonNode node = text.isBlank() ? null : JSON.readTree(text);
                if (node == null) {
                    json.putNull(key);
                } else {
                    json.set(key, node);
                }
            } catch (JsonProcessingException e) {
                problems.add(
                        key
                                + ": not JSON: "
                                + JsonMistake.explain(
                                        text, e, JSON.getFactory().streamReadConstraints()));
            }
            return this;
        }

        List<String> problems() {
            return problems;
        }

        byte[] bytes() {
            return json.toString().getBytes(StandardCharsets.UTF_8);
        }
    }
}
