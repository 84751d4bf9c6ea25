package io.trapline.ingest.trap;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.journal.JournalException;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.circllhist.Bin;
import io.trapline.period.Measurement;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrapDecoderTest {
    private final List<Measurement> seen = new ArrayList<>();

    @Test
    void a_stream_of_documents_is_decoded_in_memory_that_does_not_grow_with_it() throws Exception {
        // Ten bytes kept for each of these 2 million values would show.
        byte[] document =
                bytes("{\"a\":1,\"b\":[2,3.5],\"c|ST[x:y]\":{\"_type\":\"n\",\"_value\":4}}\n");
        long repeats = 500_000;
        long[] count = new long[1];
        long[] used = new long[2];
        MeasurementConsumer consumer =
                _ -> {
                    count[0]++;
                    if (count[0] == 100_000) {
                        used[0] = usedMemory();
                    } else if (count[0] == 1_900_000) {
                        used[1] = usedMemory();
                    }
                };
        TrapResult result =
                decoder(TrapLimits.DEFAULT, false)
                        .decode(
                                new Repeating(bytes(""), document, repeats, bytes("")),
                                0,
                                consumer);
        assertThat(result).isEqualTo(new TrapResult.Done(repeats * 4, 0, Optional.empty()));
        assertThat(count[0]).isEqualTo(repeats * 4);
        assertThat(used[1] - used[0]).isLessThan(10_000_000);
    }

    private static long usedMemory() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"n", "h", "s", "L"})
    void a_list_of_millions_is_folded_as_it_is_read(String type) throws Exception {
        long repeats = 3_000_000;
        InputStream body =
                new Repeating(
                        bytes("{\"m\":{\"_type\":\"" + type + "\",\"_value\":[1"),
                        bytes(",3"),
                        repeats,
                        bytes("]}}"));
        TrapResult result = decoder(TrapLimits.DEFAULT, false).decode(body, 0, seen::add);
        assertThat(result).isEqualTo(new TrapResult.Done(repeats + 1, 0, Optional.empty()));
        Measurement only = seen.getFirst();
        switch (type) {
            case "h" ->
                    assertThat(((Measurement.Distribution) only).bins())
                            .containsExactly(new Bin(10, 0, 1), new Bin(30, 0, repeats));
            case "s" ->
                    assertThat(((Measurement.Plain) only).value())
                            .isEqualTo(new SampleValue.Text("1"));
            default ->
                    assertThat(((Measurement.Plain) only).value())
                            .isEqualTo(new SampleValue.Real((1 + 3.0 * repeats) / (repeats + 1)));
        }
    }

    @Test
    void a_list_of_millions_before_its_type_is_refused() throws Exception {
        InputStream body =
                new Repeating(bytes("{\"m\":{\"_value\":[1"), bytes(",3"), 100_000, bytes("]}}"));
        TrapResult result = decoder(TrapLimits.DEFAULT, false).decode(body, 0, seen::add);
        assertThat(((TrapResult.Malformed) result).message()).contains("must come after its _type");
    }

    @Test
    void a_value_over_the_limit_ends_the_parse_and_what_came_before_stays() throws Exception {
        String text = "x".repeat(2000);
        TrapResult result =
                decoder(new TrapLimits(1000, 10), false)
                        .decode(body("{\"a\":1,\"b\":\"" + text + "\"}"), 0, seen::add);
        assertThat(result).isInstanceOf(TrapResult.Malformed.class);
        assertThat(seen).hasSize(1);
    }

    @Test
    void streams_beyond_the_ceiling_are_dropped_and_named() throws Exception {
        TrapResult result =
                decoder(new TrapLimits(1000, 2), false)
                        .decode(body("{\"a\":1,\"b\":2,\"c\":3,\"a\":4,\"d\":5}"), 0, seen::add);
        assertThat(seen).extracting(m -> m.stream().name()).containsExactly("a", "b", "a");
        assertThat(error(result)).contains("2 values").contains("c: more than 2 streams");
    }

    @Test
    void a_body_that_breaks_off_is_unreadable_but_what_came_before_was_given() throws Exception {
        InputStream broken =
                new InputStream() {
                    private final InputStream start = body("{\"a\":1,\"b\":2,\"c\":");

                    @Override
                    public int read() throws IOException {
                        return failAtEnd(start.read());
                    }

                    @Override
                    public int read(byte[] buffer, int offset, int length) throws IOException {
                        return failAtEnd(start.read(buffer, offset, length));
                    }

                    private int failAtEnd(int read) throws IOException {
                        if (read < 0) {
                            throw new IOException("connection reset");
                        }
                        return read;
                    }
                };
        TrapResult result = decoder(TrapLimits.DEFAULT, false).decode(broken, 0, seen::add);
        assertThat(((TrapResult.Unreadable) result).reason())
                .isEqualTo("the body could not be read to its end");
        assertThat(seen).isNotEmpty();
    }

    @Test
    void an_error_says_where_it_is_and_what_was_lost() throws Exception {
        TrapResult bad = decode("{\"a\":1,\n \"b\":oops}");
        assertThat(((TrapResult.Malformed) bad).message()).startsWith("line 2, column ");
        assertThat(error(decode("{\"m|ST[a=b:c]\":1,\"L\":{\"_type\":\"L\",\"_value\":-5}}")))
                .isEqualTo(
                        "2 values not stored as sent: m|ST[a=b:c]: character \"=\" in a tag's"
                                + " category; L: -5 is out of range for type L, stored without a"
                                + " value");
        assertThat(decode("{\"a\":1}")).isEqualTo(new TrapResult.Done(1, 0, Optional.empty()));
    }

    @Test
    void a_time_after_2262_is_not_stored_and_named() throws Exception {
        String microseconds = "{\"a\":{\"_type\":\"n\",\"_value\":1,\"_ts\":99999999999999999}}";
        assertThat(error(decode(microseconds))).contains("milliseconds");
        assertThat(seen).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "12         ; L 12",
                " 12 %      ; L 12",
                "12%        ; L 12",
                "-12%       ; l -12",
                "+5         ; L 5",
                ".5         ; n 0.5",
                "12 things  ; L 12",
                "12 3       ; s -",
                "1.5e+3     ; n 1500.0",
                "1e3        ; s -",
                "007        ; s -",
                "1.         ; s -",
                "0x10       ; s -",
                "1,000      ; s -",
            })
    void a_check_may_guess_at_texts_as_upstream_does(String text, String expected)
            throws Exception {
        decoder(TrapLimits.DEFAULT, true).decode(body("{\"a\":\"" + text + "\"}"), 0, seen::add);
        SampleValue value = ((Measurement.Plain) seen.getFirst()).value();
        String shown =
                switch (value) {
                    case SampleValue.Real(double number, _) -> Double.toString(number);
                    case SampleValue.Whole whole -> Long.toString(whole.bits());
                    default -> "-";
                };
        assertThat(value.type().letter() + " " + shown).isEqualTo(expected);
    }

    @Test
    void a_check_that_guesses_does_so_with_a_time_as_well() throws Exception {
        decoder(TrapLimits.DEFAULT, true)
                .decode(body("{\"a\":{\"_value\":\"12%\",\"_ts\":1604936367789}}"), 0, seen::add);
        assertThat(((Measurement.Timed) seen.getFirst()).value())
                .isEqualTo(new SampleValue.Whole(SampleType.UINT64, 12));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "\"0x1F\"     ; 31.0",
                "\"inf\"      ; Infinity",
                "\"-INF x\"   ; -Infinity",
                "\"nan\"      ; NaN",
                "\"1e400\"    ; Infinity",
                "\"1.5e\"     ; 1.5",
                "\".5.5\"     ; 0.5",
                "-1e-400      ; -0.0",
            })
    void a_typed_double_reads_what_strtod_reads(String value, String expected) throws Exception {
        decode("{\"a\":{\"_type\":\"n\",\"_value\":" + value + "}}");
        assertThat(((Measurement.Plain) seen.getFirst()).value())
                .isEqualTo(new SampleValue.Real(Double.parseDouble(expected)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":{\"_ts\":{\"b\":1}}}",
                "{\"a\":{\"_fl\":[1]}}",
                "{\"a\":{\"_tags\":{\"b\":1}}}",
                "{\"a\":{\"_tags\":5}}",
                "{\"a\":{\"_type\":[\"n\"]}}",
                "{\"a\":{\"_ts\":true}}",
                "5 5",
                "null"
            })
    void what_no_client_can_mean_ends_the_parse(String body) throws Exception {
        assertThat(decode(body)).isInstanceOf(TrapResult.Malformed.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                ",\"b",
                ",\"b\"",
                ",\"b\":",
                ",\"b\":1.",
                ",\"b\":-",
                ",\"b\":1e",
                ",\"b\":tru",
                ",\"b\":[nul"
            })
    void a_body_that_ends_early_is_no_error(String end) throws Exception {
        assertThat(decode("{\"a\":1" + end)).isEqualTo(new TrapResult.Done(1, 0, Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(strings = {",\"b\":x", ",\"b\":1.x", ",\"b\":trux", ",b", "} tru", "} xyz", "},1"})
    void a_body_that_ends_with_what_no_value_begins_with_is_an_error(String end) throws Exception {
        assertThat(decode("{\"a\":1" + end)).isInstanceOf(TrapResult.Malformed.class);
        assertThat(seen).hasSize(1);
    }

    @Test
    void an_object_as_a_value_is_left_out_and_named() throws Exception {
        TrapResult result = decode("{\"a\":{\"_type\":\"n\",\"_value\":[1,{\"x\":[2]}]},\"b\":3}");
        assertThat(seen).hasSize(2);
        assertThat(error(result)).contains("a: an object is no _value");
    }

    @Test
    void a_null_has_a_type_and_no_value() throws Exception {
        decode("{\"a\":null}");
        assertThat(((Measurement.Plain) seen.getFirst()).value())
                .isEqualTo(new SampleValue.Absent(SampleType.INT32));
    }

    @Test
    void hostile_numbers_cost_no_time() throws Exception {
        String digits = "9".repeat(900_000);
        TrapResult result =
                decode(
                        "{\"a\":"
                                + digits
                                + ",\"b\":1e"
                                + "9".repeat(9)
                                + ",\"c\":{\"_type\":\"l\",\"_value\":\""
                                + digits
                                + "\"},\"d\":{\"_type\":\"l\",\"_value\":1e-999999999},\"e\":{\"_type\":\"n\",\"_value\":\""
                                + digits
                                + "\"}}");
        assertThat(result).isInstanceOf(TrapResult.Done.class);
        assertThat(seen).hasSize(5);
    }

    private TrapResult decode(String body) throws JournalException {
        return decoder(TrapLimits.DEFAULT, false).decode(body(body), 0, seen::add);
    }

    private static String error(TrapResult result) {
        return ((TrapResult.Done) result).error().orElse("");
    }

    private static TrapDecoder decoder(TrapLimits limits, boolean guess) {
        return new TrapDecoder(check(guess, null), limits);
    }

    static TrapCheck check(boolean guess, @Nullable List<TrapRule> filters) {
        return check("s", guess, filters);
    }

    static TrapCheck check(String secret, boolean guess, @Nullable List<TrapRule> filters) {
        return new TrapCheck(
                new UUID(1, 2),
                "httptrap",
                secret,
                "name",
                "10.0.0.1",
                Duration.ofSeconds(60),
                true,
                "`",
                Optional.empty(),
                "",
                Set.of(),
                guess,
                0,
                Optional.ofNullable(filters));
    }

    private static InputStream body(String text) {
        return new ByteArrayInputStream(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// A head, a part many times, a tail; never in memory as a whole.
    private static final class Repeating extends InputStream {
        private final byte[] part;
        private final byte[] tail;
        private long left;
        private byte[] current;
        private int at;

        Repeating(byte[] head, byte[] part, long repeats, byte[] tail) {
            this.current = head;
            this.part = part;
            this.left = repeats;
            this.tail = tail;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) {
            int filled = 0;
            while (filled < length) {
                if (at == current.length) {
                    if (left < 0) {
                        break;
                    }
                    current = left == 0 ? tail : part;
                    left--;
                    at = 0;
                }
                int take = Math.min(length - filled, current.length - at);
                System.arraycopy(current, at, buffer, offset + filled, take);
                at += take;
                filled += take;
            }
            return filled == 0 ? -1 : filled;
        }
    }
}
