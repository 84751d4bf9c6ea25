package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/// A wire format's corpus as tests: one JSON object a line, one test a vector, named by its id.
public final class Vectors {
    public static final ObjectMapper JSON = new ObjectMapper();

    private Vectors() {}

    /// @param titleKey the field that says what the vector is about
    /// @param count how many there are, so that none gets lost
    public static Stream<DynamicTest> tests(
            String resource, String titleKey, int count, Check check) throws IOException {
        List<JsonNode> vectors = read(resource);
        assertThat(vectors).hasSize(count);
        return vectors.stream()
                .map(vector -> {
                    String name = vector.get("id").asText() + " " + vector.get(titleKey).asText();
                    return DynamicTest.dynamicTest(name, () -> run(name, vector, check));
                });
    }

    private static void run(String name, JsonNode vector, Check check) throws Exception {
        try {
            check.check(vector);
        } catch (AssertionError e) {
            // The console shows the message alone, and it has to say which vector it was.
            throw new AssertionError(name + ": " + e.getMessage(), e);
        }
    }

    public static List<JsonNode> read(String resource) throws IOException {
        List<JsonNode> vectors = new ArrayList<>();
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                Objects.requireNonNull(
                                        Vectors.class.getResourceAsStream(resource), resource),
                                StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                vectors.add(JSON.readTree(line));
            }
        }
        return vectors;
    }

    /// What a vector asks for.
    @FunctionalInterface
    public interface Check {
        void check(JsonNode vector) throws Exception;
    }
}
