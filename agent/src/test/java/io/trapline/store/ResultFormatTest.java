package io.trapline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResultFormatTest {
    private static final QueryResult RESULT =
            new QueryResult(
                    List.of("name", "value", "tags"),
                    List.of(
                            Arrays.asList("é, \"x\"\n", 1L, Map.of("a", "b")),
                            Arrays.asList("", -2.5, List.of(1L, 2L)),
                            Arrays.asList(null, null, null)));

    @Test
    void CSV_quotes_what_needs_it_and_tells_empty_from_none() throws IOException {
        assertThat(written(ResultFormat.CSV, RESULT))
                .isEqualTo(
                        String.join(
                                "\r\n",
                                "name,value,tags",
                                "\"é, \"\"x\"\"\n\",1,\"{\"\"a\"\":\"\"b\"\"}\"",
                                "\"\",-2.5,\"[1,2]\"",
                                ",,",
                                ""));
    }

    @Test
    void JSON_is_one_document_that_can_be_read_back_with_all_digits() throws IOException {
        QueryResult result =
                new QueryResult(
                        List.of("a", "a"),
                        List.of(
                                Arrays.asList(
                                        new BigInteger("18446744073709551615"),
                                        new BigDecimal("1.1")),
                                Arrays.asList(true, null)));
        String json = written(ResultFormat.JSON, result);

        assertThat(json)
                .isEqualTo(
                        "{\"columns\":[\"a\",\"a\"],"
                                + "\"rows\":[[18446744073709551615,1.1],[true,null]]}");
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        assertThat(QueryResult.fromJson(new ByteArrayInputStream(bytes))).isEqualTo(result);
    }

    @Test
    void another_document_is_no_result() {
        for (String text : List.of("", "[]", "{\"columns\":[]}", "{\"columns\":[],\"rows\":[1]}")) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            assertThatThrownBy(() -> QueryResult.fromJson(new ByteArrayInputStream(bytes)))
                    .as(text)
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void CSV_and_JSON_have_numbers_in_one_format() throws IOException {
        QueryResult result =
                new QueryResult(
                        List.of("a", "b", "c"),
                        List.of(
                                Arrays.asList(64037.0, 8.95131648E9, Map.of("x", 2.0)),
                                Arrays.asList(new BigDecimal("1.10"), 1e300, List.of(0.1))));

        assertThat(written(ResultFormat.CSV, result))
                .isEqualTo("a,b,c\r\n64037,8951316480,\"{\"\"x\"\":2}\"\r\n1.1,1e300,[0.1]\r\n");
        assertThat(written(ResultFormat.JSON, result))
                .contains("[64037,8951316480,{\"x\":2}],[1.1,1e300,[0.1]]");
    }

    private static String written(ResultFormat format, QueryResult result) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        format.write(result, out);
        return out.toString(StandardCharsets.UTF_8);
    }
}
