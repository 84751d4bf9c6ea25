package io.trapline.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoneSurrogatesTest {

    @ParameterizedTest
    @CsvSource(
            textBlock =
                    """
                    {"cut\\ud83d":1},               {"cut\\ufffd":1}
                    {"\\uDC00k":1},                 {"\\ufffdk":1}
                    ["\\ud83d\\ude00"],             ["\\ud83d\\ude00"]
                    ["\\uD83D\\uDE00\\ude00"],      ["\\uD83D\\uDE00\\ufffd"]
                    ["\\ud83d\\ud83d\\ude00"],      ["\\ufffd\\ud83d\\ude00"]
                    ["\\ud83dx\\ude00"],            ["\\ufffdx\\ufffd"]
                    ["\\ud83d\\n\\ude00"],          ["\\ufffd\\n\\ufffd"]
                    ["\\ud83d\\u0041"],             ["\\ufffd\\u0041"]
                    ["\\\\ud83d"],                  ["\\\\ud83d"]
                    ["\\\\\\ud83d"],                ["\\\\\\ufffd"]
                    ["\\udxyz"],                    ["\\udxyz"]
                    ["\\u00e9 \\uffff \\ud7ff \\ue000"], ["\\u00e9 \\uffff \\ud7ff \\ue000"]
                    /*\\*/["\\ud800"]//\\,          /*\\*/["\\ufffd"]//\\
                    ["\\ud83d,                      ["\\ufffd
                    ["\\ud83d\\ude,                 ["\\ufffd\\ude
                    ["\\ud8,                        ["\\ud8
                    """)
    void only_halves_of_no_pair_are_replaced(String json, String expected) throws IOException {
        assertThat(LoneSurrogates.replaced(json)).isEqualTo(expected);
        for (int step = 1; step <= json.length(); step++) {
            assertThat(read(new InSteps(json, step)))
                    .as("in steps of %s", step)
                    .isEqualTo(expected);
        }
    }

    @Test
    void a_text_that_was_read_is_mended_too() {
        assertThat(LoneSurrogates.inText("a\ud83db\ud83d\ude00\ude00"))
                .isEqualTo("a\uFFFDb\ud83d\ude00\uFFFD");
        String good = "é\ud83d\ude00".substring(0, 1);
        assertThat(LoneSurrogates.inText(good)).isSameAs(good);
    }

    @Test
    void a_pair_across_the_border_of_a_chunk_stays_a_pair() throws IOException {
        for (int before = 8180; before < 8196; before++) {
            String json = "x".repeat(before) + "\\ud83d\\ude00" + "y".repeat(9000) + "\\ud83d";
            assertThat(read(LoneSurrogates.replacing(new StringReader(json))))
                    .isEqualTo(json.substring(0, json.length() - 6) + "\\ufffd");
        }
    }

    @Test
    void what_is_decided_is_given_before_more_arrives() throws IOException {
        InSteps arriving = new InSteps("{\"\\ud83d\":1} {\"b\":2}", 11);
        Reader reader = LoneSurrogates.replacing(arriving);

        char[] buffer = new char[100];
        int count = reader.read(buffer, 0, 100);

        assertThat(new String(buffer, 0, count)).isEqualTo("{\"\\ufffd\":1");
        assertThat(arriving.reads).isEqualTo(1);
    }

    private static String read(Reader text) throws IOException {
        try (Reader reader = text instanceof InSteps ? LoneSurrogates.replacing(text) : text) {
            return reader.readAllAsString();
        }
    }

    /// Gives a text in pieces, as a connection does.
    private static final class InSteps extends Reader {
        private final StringReader text;
        private final int step;
        private int reads;

        InSteps(String text, int step) {
            this.text = new StringReader(text);
            this.step = step;
        }

        @Override
        public int read(char[] buffer, int offset, int count) throws IOException {
            reads++;
            return text.read(buffer, offset, Math.min(count, step));
        }

        @Override
        public void close() {
            text.close();
        }
    }
}
