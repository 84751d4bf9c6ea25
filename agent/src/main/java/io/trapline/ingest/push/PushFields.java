package io.trapline.ingest.push;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.model.FieldValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/// A value inside `event`, as a field.
final class PushFields {
    private static final BigInteger UNSIGNED_END = BigInteger.ONE.shiftLeft(64);

    private PushFields() {}

    static FieldValue value(JsonNode node) {
        return switch (node.getNodeType()) {
            case STRING -> new FieldValue.Text(PushJson.wellFormed(node.textValue()));
            case BOOLEAN -> new FieldValue.Bool(node.booleanValue());
            case NUMBER -> number(node);
            case ARRAY -> array(node);
            case OBJECT -> json(node);
            case NULL, BINARY, POJO, MISSING -> new FieldValue.Null();
        };
    }

    private static FieldValue number(JsonNode node) {
        if (node.canConvertToLong() && node.isIntegralNumber()) {
            return new FieldValue.Int(node.longValue());
        }
        if (node.isIntegralNumber()) {
            BigInteger whole = node.bigIntegerValue();
            if (whole.signum() >= 0 && whole.compareTo(UNSIGNED_END) < 0) {
                return new FieldValue.UInt(whole.longValue());
            }
        }
        double value = node.doubleValue();
        if (!Double.isFinite(value)) {
            return json(node);
        }
        boolean exact =
                !node.isIntegralNumber()
                        || new BigDecimal(value).compareTo(node.decimalValue()) == 0;
        return new FieldValue.Real(value, exact ? null : node.asText());
    }

    private static FieldValue array(JsonNode node) {
        List<FieldValue> values = new ArrayList<>(node.size());
        for (JsonNode element : node) {
            FieldValue value = element.isValueNode() ? value(element) : new FieldValue.Null();
            boolean alike = values.isEmpty() || values.getFirst().getClass() == value.getClass();
            if (value instanceof FieldValue.Null || !alike) {
                return json(node);
            }
            values.add(value);
        }
        return new FieldValue.Array(values);
    }

    private static FieldValue json(JsonNode node) {
        return new FieldValue.Json(PushJson.wellFormed(node.toString()));
    }
}
