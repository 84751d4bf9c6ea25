package io.trapline.ingest.trap;

import static io.trapline.ingest.trap.TrapStack.START_MS;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is sent to a check, and what can be queried afterwards.
class TrapDoorTest {
    private static final String NONE = "-";

    @TempDir private Path home;

    @SuppressWarnings("NullAway.Init")
    private TrapStack stack;

    @BeforeEach
    void start() throws Exception {
        stack = new TrapStack(home);
    }

    @AfterEach
    void stop() {
        stack.close();
    }

    /// Bodies are divided by `&`; `@T` is a time of long ago; samples by `,`.
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "{'m':7} & {'m':{'_type':'n','_value':10,'_ts':@T}}      ; m n 10.0, m L 7",
                "{'m':{'_type':'n','_value':10,'_ts':@T}} & {'m':7}      ; m n 10.0, m L 7",
                "{'m':7,'m':{'_type':'n','_value':10,'_ts':@T}}          ; m n 10.0, m L 7",
                "{'m':{'_type':'l','_value':7}} & {'m':{'_value':1,'_ts':@T}} ; m L 1, m l 7",
                "{'m':'up'} & {'m':{'_value':'old','_ts':@T}}            ; m s old, m s up",
                "{'m':true} & {'m':{'_type':'s','_value':'x','_ts':@T}}  ; m s x, m i 1.0",
                "{'m':null} & {'m':{'_value':1,'_ts':@T}}                ; m L 1, m i null",
                "{'g':{'b':1}} & {'g':{'_ts':@T,'b':3}}                  ; g`b L 3, g`b L 1",
                "{'m':{'_type':'n','_value':2,'_fl':'+'}} & {'m':{'_value':1,'_ts':@T}} & {'m':{'_type':'n','_value':3,'_fl':'+'}} ; m L 1, m n 5.0",
                "{'m':{'_type':'n','_value':2,'_fl':'~'}} & {'m':{'_value':1,'_ts':@T}} & {'m':{'_type':'n','_value':4,'_fl':'~'}} ; m L 1, m n 3.0",
                "{'m':7} & {'m':{'_type':'h','_value':[1,1]}}            ; m L 7, m h 10e0×2",
                "{'m':{'_type':'h','_value':[1,1]}} & {'m':'a text'}     ; m s a text, m h 10e0×2",
                "{'m':7} & {'m':{'_type':'h','_value':'AAEKAAAB','_ts':@T}} ; m L 7, m h 10e0×1",
                "{'m':7} & {'m':{'_type':'n','_value':'H[5]=2'}}         ; m L 7, m h 50e0×2",
                "{'m':7,'n':8} & {'m':{'_value':1,'_ts':@T},'n':{'_value':2,'_ts':@T}} & {'m':9} ; m L 1, n L 2, m L 9, n L 8",
            })
    void what_has_a_time_or_is_a_histogram_takes_nothing_from_what_the_period_stores(
            String bodies, String stored) throws Exception {
        for (boolean killed : new boolean[] {false, true}) {
            stack.close();
            stack = new TrapStack(home.resolve(killed ? "killed" : "alive"));
            begin("async_metrics = false");
            for (String body : bodies.split(" & ")) {
                assertThat(put(body).statusCode()).isEqualTo(200);
                if (killed) {
                    stack.kill();
                }
            }
            stack.endPeriod();
            assertThat(all()).as("killed: %s", killed).containsExactlyElementsOf(list(stored));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "{'m':7} & {'m':{'_type':'n','_value':10,'_ts':@T}}      ; m n 10.0, m L 7",
                "{'m':'up'} & {'m':{'_type':'h','_value':[1]}} & {'m':8} ; m s up, m L 8, m h 10e0×1",
                "{'m':{'_type':'n','_value':2,'_fl':'+'}} & {'m':{'_value':1,'_ts':@T}} & {'m':{'_type':'n','_value':3,'_fl':'+'}} ; m L 1, m n 2.0, m n 5.0",
            })
    void in_asynch_mode_each_is_stored_as_it_comes(String bodies, String stored) throws Exception {
        begin("");
        for (String body : bodies.split(" & ")) {
            assertThat(put(body).statusCode()).isEqualTo(200);
            stack.kill();
        }
        stack.endPeriod();
        assertThat(all()).containsExactlyElementsOf(list(stored));
    }

    @Test
    void a_value_that_the_filters_refuse_replaces_none_that_was_accepted() throws Exception {
        begin("async_metrics = false");
        put("{'m':7}");
        stack.configure(block("async_metrics = false\nfilters = [{ type = \"deny\" }]"));
        assertThat(put("{'m':8}").body()).isEqualTo("{\"stats\":1,\"filtered\":1}");
        stack.endPeriod();
        assertThat(all()).containsExactly("m L 7");
    }

    @Test
    void what_synch_mode_held_is_stored_when_the_mode_changes_while_nothing_runs()
            throws Exception {
        begin("async_metrics = false");
        put(
                "{'m':7,'s':{'_type':'n','_value':2,'_fl':'+'},'a':{'_type':'n','_value':4,'_fl':'~'}}");
        put("{'s':{'_type':'n','_value':3,'_fl':'+'},'a':{'_type':'n','_value':8,'_fl':'~'}}");
        stack.configure(block("async_metrics = true"));
        stack.kill();
        stack.endPeriod();
        assertThat(all()).containsExactly("a n 6.0", "m L 7", "s n 5.0");
    }

    /// What a value holds no number for is no 0, and `error` says what became of it.
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                // H[x]=n texts alone, as most clients send them
                "'_type':'n','_value':['H[1.2e+01]=3','H[5.0e-01]=2'] ; m h 50e-1×2 12e1×3 ; -",
                "'_type':'n','_value':'H[12]=3'           ; m h 12e1×3        ; -",
                "'_type':'L','_value':['H[12]=3']         ; m h 12e1×3        ; -",
                "'_type':'i','_value':[null,'H[12]=3']    ; m h 12e1×3        ; -",
                "'_type':'n','_value':'H[12]=3','_fl':'+' ; m h 12e1×3        ; -",
                "'_type':'n','_value':['H[12]=3','abc']   ; m h 12e1×3        ; \"abc\", left out",
                "'_type':'n','_value':'H[12]=3','_ts':@T  ; -                 ; takes one base64 record",
                "'_type':'s','_value':'H[12]=3'           ; m s H[12]=3       ; -",
                "'_type':'n','_value':[5,'H[12]=3']       ; m n 2.5           ; histogram_metrics",
                // no number at all
                "'_type':'n','_value':'abc'               ; m n null          ; \"abc\", stored without a value",
                "'_type':'n','_value':['abc','def']       ; m n null          ; \"abc\", stored without a value",
                "'_type':'L','_value':['','-']            ; m L null          ; stored without a value",
                "'_type':'i','_value':[null,'abc']        ; m i null          ; stored without a value",
                "'_type':'n','_value':'abc','_fl':'+'     ; m n null          ; adds nothing",
                "'_type':'n','_value':['abc',''],'_fl':'~' ; m n null         ; adds nothing",
                "'_type':'n','_value':['a','b'],'_ts':@T  ; m n null          ; stored without a value",
                "'_type':'L','_value':[1e30,-5]           ; m L null          ; out of range for type L, stored without a value",
                // some numbers
                "'_type':'n','_value':[5,'abc']           ; m n 2.5           ; counts as 0 in the mean",
                "'_type':'L','_value':[5,-5]              ; m L 5             ; out of range for type L, left out",
                "'_type':'n','_value':[0,'0']             ; m n 0.0           ; -",
                "'_type':'n','_value':false               ; m n 0.0           ; -",
            })
    void no_number_is_never_stored_as_0(String value, String stored, String error)
            throws Exception {
        for (boolean async : new boolean[] {true, false}) {
            stack.close();
            stack = new TrapStack(home.resolve(async ? "async" : "sync"));
            begin("async_metrics = " + async);
            HttpResponse<String> answer = put("{'m':{" + value + "}}");
            stack.kill();
            stack.endPeriod();
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(all()).as("async: %s", async).containsExactlyElementsOf(list(stored));
            if (error.equals(NONE)) {
                assertThat(TrapStack.error(answer)).isEmpty();
            } else {
                assertThat(TrapStack.error(answer).orElseThrow()).contains(error);
            }
        }
    }

    @Test
    void what_is_no_number_takes_no_place_of_a_sum() throws Exception {
        begin("async_metrics = false");
        put("{'m':{'_type':'L','_value':10,'_fl':'+'}}");
        put("{'m':{'_type':'L','_value':'abc','_fl':'+'}}");
        put("{'m':{'_type':'L','_value':'99999999999999999999','_fl':'+'}}");
        put("{'m':{'_type':'L','_value':5,'_fl':'+'}}");
        stack.endPeriod();
        assertThat(all()).containsExactly("m n 15.0");
    }

    @Test
    void a_long_list_of_bin_texts_is_a_histogram_too() throws Exception {
        begin("");
        HttpResponse<String> answer =
                put("{'m':{'_type':'n','_value':['H[1]=1'" + ",'H[2]=2'".repeat(10_000) + "]}}");
        stack.endPeriod();
        assertThat(answer.body()).isEqualTo("{\"stats\":10001,\"filtered\":0}");
        assertThat(all()).containsExactly("m h 10e0×1 20e0×20000");
    }

    @Test
    void a_guess_at_what_is_no_number_stays_a_text() throws Exception {
        begin("guess_types = true");
        put("{'a':'%','b':'-','c':'.','d':'','e':' ','f':'H[1]=2','g':'12%'}");
        assertThat(all())
                .containsExactly(
                        "a s %", "b s -", "c s .", "d s ", "e s  ", "f s H[1]=2", "g L 12");
    }

    @Test
    void a_lone_surrogate_is_a_replacement_character_in_names_and_values() throws Exception {
        begin("");
        HttpResponse<String> answer =
                put(
                        "{'ok':1,'cut\\ud83d':2,'v':'x\\udc00y','d':{'\\ude00|ST[k:\\ud800]':'a\\ud83d\\ude00b'},"
                                + "'t\\ud83d\\u0041':{'_type':'s','_value':'\\udfff'},'later':3}");
        assertThat(answer.body()).isEqualTo("{\"stats\":6,\"filtered\":0}");
        assertThat(all())
                .containsExactlyInAnyOrder(
                        "ok L 1",
                        "cut\uFFFD L 2",
                        "v s x\uFFFDy",
                        "d`\uFFFD|ST[k:b\"77+9\"] s a\uD83D\uDE00b",
                        "t\uFFFDA s \uFFFD",
                        "later L 3");
    }

    @Test
    void surrogates_as_bytes_are_replacement_characters_and_stop_nothing() throws Exception {
        begin("");
        byte[] body = json("{'a^':'x^y','later':3}").getBytes(UTF_8);
        byte[] high = {(byte) 0xED, (byte) 0xA0, (byte) 0xBD};
        assertThat(stack.put(replaced(body, high), "").statusCode()).isEqualTo(200);
        List<String> stored = all();
        assertThat(stored).hasSize(2).contains("later L 3");
        assertThat(stored.getFirst()).matches("a\uFFFD+ s x\uFFFD+y");
    }

    private static byte[] replaced(byte[] body, byte[] with) {
        byte[] out = new byte[body.length + 2 * (with.length - 1)];
        int length = 0;
        for (byte each : body) {
            byte[] next = each == '^' ? with : new byte[] {each};
            System.arraycopy(next, 0, out, length, next.length);
            length += next.length;
        }
        return Arrays.copyOf(out, length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a name", "a text", "a number"})
    void what_is_too_long_is_named_in_the_users_words(String what) throws Exception {
        begin("");
        String many = "1".repeat((1 << 20) + 1);
        String part =
                switch (what) {
                    case "a name" -> "'" + many + "':1";
                    case "a text" -> "'t':'" + many + "'";
                    default -> "'n':" + many;
                };
        HttpResponse<String> answer = put("{'before':1," + part + ",'after':2}");
        assertThat(answer.statusCode()).isEqualTo(406);
        assertThat(TrapStack.error(answer).orElseThrow())
                .contains(
                        (what.equals("a number") ? what : "a name or text")
                                + " of more than 1048576 characters")
                .doesNotContain("Constraints");
        assertThat(all()).containsExactly("before L 1");
    }

    @ParameterizedTest
    @CsvSource({
        "1e12, 1, its _ts 1e12 counts as 1 ms",
        "'\"16049e8\"', 16049, its _ts 16049e8 counts as 16049 ms",
        "1604936367789.9, 1604936367789, -",
        "'\"1604936367789\"', 1604936367789, -",
    })
    void a_time_that_is_not_read_as_sent_is_named(String sent, long ms, String error)
            throws Exception {
        begin("");
        HttpResponse<String> answer = put("{'m':{'_ts':" + sent + ",'_value':5,'b':6}}");
        if (error.equals(NONE)) {
            assertThat(TrapStack.error(answer)).isEmpty();
        } else {
            assertThat(TrapStack.error(answer).orElseThrow()).contains("m: " + error, "m`b: ");
        }
        assertThat(stack.rows("SELECT DISTINCT time_ns FROM metrics"))
                .containsExactly(List.of(ms * 1_000_000));
        assertThat(all()).containsExactly("m L 5", "m`b L 6");
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "gzip, br", "zstd"})
    void a_coding_that_is_not_understood_is_named(String coding) throws Exception {
        begin("");
        HttpResponse<String> answer = stack.put(json("{'m':1}").getBytes(UTF_8), coding);
        assertThat(answer.statusCode()).isEqualTo(406);
        assertThat(TrapStack.error(answer).orElseThrow())
                .startsWith("Unable to read incoming payload")
                .contains("\"" + coding + "\" is not understood");
    }

    @Test
    void a_tag_in_base64_of_no_utf8_keeps_its_stream_and_its_form() throws Exception {
        begin("");
        HttpResponse<String> answer =
                put("{'m|ST[b\\\"Y2Fm6Q==\\\":b\\\"/w==\\\",a:1]':1,'m|ST[a:1]':2}");
        assertThat(answer.body()).isEqualTo("{\"stats\":2,\"filtered\":0}");
        assertThat(all())
                .containsExactlyInAnyOrder(
                        "m|ST[a:1,b\"Y2Fm6Q==\":b\"/w==\"] L 1", "m|ST[a:1] L 2");
    }

    private void begin(String keys) throws Exception {
        stack.configure(block(keys));
        assertThat(stack.beginPeriod()).isEqualTo(START_MS);
    }

    private static String block(String keys) {
        return "[[trap]]\nid = \"" + TrapStack.ID + "\"\nsecret = \"s\"\n" + keys + "\n";
    }

    private HttpResponse<String> put(String body) throws Exception {
        return stack.put(json(body));
    }

    /// With single quotes for double ones.
    private static String json(String body) {
        return body.replace("@T", "1604936367789").replace('\'', '"');
    }

    /// Plain samples, then histograms.
    private List<String> all() throws Exception {
        List<String> all = new ArrayList<>(stack.stored());
        all.addAll(stack.histograms());
        return all;
    }

    private static List<String> list(@Nullable String samples) {
        return samples == null || samples.equals(NONE)
                ? List.of()
                : Arrays.stream(samples.split(", ")).toList();
    }
}
