package io.trapline.model.circllhist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.Vectors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every vector of `circllhist.jsonl`, to the last bit.
class CircllhistVectorTest {
    @TestFactory
    Stream<DynamicTest> vectors() throws IOException {
        return Vectors.tests(
                "/circllhist/circllhist.jsonl", "title", 232, CircllhistVectorTest::check);
    }

    private static void check(JsonNode vector) throws MalformedRecordException {
        JsonNode input = vector.get("input");
        JsonNode expect = vector.get("expect");
        if (expect.path("decode").asText().equals("error")) {
            assertThatThrownBy(() -> Circllhist.ofBase64(text(input, "base64")))
                    .isInstanceOf(MalformedRecordException.class);
            return;
        }
        Circllhist histogram = read(input);
        assertThat(histogram.bins()).isEqualTo(bins(expect.get("bins")));
        assertThat(histogram.toBase64()).isEqualTo(text(expect, "base64"));
        assertThat(Circllhist.ofBase64(histogram.toBase64())).isEqualTo(histogram);
        assertThat(Long.toUnsignedString(histogram.count())).isEqualTo(text(expect, "count"));
        assertThat(histogram.mean()).isEqualTo(number(expect.get("mean")));
        assertThat(histogram.sum()).isEqualTo(number(expect.get("sum")));
        assertThat(histogram.quantile(0.5)).isEqualTo(number(expect.get("p50")));
        assertThat(histogram.quantile(0.9)).isEqualTo(number(expect.get("p90")));
        assertThat(histogram.quantile(0.99)).isEqualTo(number(expect.get("p99")));
        assertThat(histogram.quantile(1)).isEqualTo(number(expect.get("p100")));
    }

    private static Circllhist read(JsonNode input) throws MalformedRecordException {
        if (input.has("base64")) {
            return Circllhist.ofBase64(text(input, "base64"));
        }
        if (input.has("bins")) {
            return Circllhist.ofBins(bins(input.get("bins")));
        }
        Circllhist histogram = new Circllhist();
        for (JsonNode sample : input.path("samples")) {
            histogram.insert(number(sample.get(0)), Long.parseUnsignedLong(sample.get(1).asText()));
        }
        for (JsonNode bin : input.path("h_strings")) {
            histogram.insert(BinText.parse(bin.asText()).orElseThrow());
        }
        for (JsonNode part : input.path("merge")) {
            histogram.merge(read(part));
        }
        return histogram;
    }

    private static List<Bin> bins(JsonNode nodes) {
        List<Bin> bins = new ArrayList<>();
        for (JsonNode node : nodes) {
            bins.add(
                    new Bin(
                            node.get("val").intValue(),
                            node.get("exp").intValue(),
                            Long.parseUnsignedLong(text(node, "count"))));
        }
        return bins;
    }

    /// A JSON number, or one of the words for what JSON cannot say.
    private static Double number(JsonNode node) {
        return Double.valueOf(node.asText());
    }

    private static String text(JsonNode node, String key) {
        return node.get(key).asText();
    }
}
