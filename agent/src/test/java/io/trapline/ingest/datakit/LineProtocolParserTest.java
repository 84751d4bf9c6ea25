package io.trapline.ingest.datakit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Category;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class LineProtocolParserTest {
    private static final long RECEIVED = 99;

    private final LineProtocolParser parser = new LineProtocolParser();

    private List<String> parse(String body) throws RefusedException {
        return parse(body.getBytes(StandardCharsets.UTF_8)).points().stream()
                .map(Notation::of)
                .toList();
    }

    private RawPoints parse(byte[] body) throws RefusedException {
        return parse(body, Category.NETWORK, Timestamps.of("n", RECEIVED));
    }

    private RawPoints parse(byte[] body, Category category, Timestamps times)
            throws RefusedException {
        List<Point> points = new ArrayList<>();
        return new RawPoints(points, parser.parse(body, category, times, points::add));
    }

    @TestFactory
    Stream<DynamicTest> good_lines_become_points() {
        return Stream.of(
                        good("m f=1 7", "m f=1 @7"),
                        good("m f=1", "m f=1 @99"),
                        good("m f=1 0", "m f=1 @99"),
                        good("m f=1 -5", "m f=1 @99"),
                        good(
                                "m f=.5,g=5.,h=1e3,i=-2.5E-1,j=-0 7",
                                "m f=0.5,g=5,h=1000,i=-0.25,j=-0 @7"),
                        good(
                                "m i=007i,j=-9223372036854775808i 7",
                                "m i=7i,j=-9223372036854775808i @7"),
                        good(
                                "m a=[1i,2i],b=[\"x\",\"y,]\"],c=[],d=[true,f],e=[1.5] 7",
                                "m a=[1i,2i],b=[\"x\",\"y,]\"],c=[],d=[true,false],e=[1.5] @7"),
                        good("m d=\"aGk=\"b 7", "m d=bytes(aGk=) @7"),
                        good(
                                "m\\ n\\,o,t\\ a\\=g=v\\,a\\ l\\= f\\ \\,\\==1 7",
                                "m n,o,t a=g=v,a l= f ,==1 @7"),
                        good("m\\=x\\\",a\\\"=b\\c f\\\"\\x=1 7", "m=x\",a\\\"=b\\c f\"\\x=1 @7"),
                        good("m\\\\\\,o,t\\\\\\==a\\\\\\ b f=1 7", "m\\\\,o,t\\\\==a\\\\ b f=1 @7"),
                        good("m,t==x,u=\\=y,v== f=1 7", "m,t==x,u==y,v== f=1 @7"),
                        good("m a\\\\b=1,\\\\\\=c=2 7", "m \\\\=c=2,a\\\\b=1 @7"),
                        good("\t m f=1 7\n \t\0n f=2 8\n\0\n\0# c", "m f=1 @7|n f=2 @8"),
                        good("m \tf=1 \t7\nm \0f=2 \0\nn f=3 \t", "m f=1 @7|m f=2 @99|n f=3 @99"),
                        good(
                                "a\\\nb,c\\\nd=e\\\nf g\\\nh=1 7\ni j=2 8",
                                "a\\\nb,c\\\nd=e\\\nf g\\\nh=1 @7|i j=2 @8"),
                        good("m \\\nf=1 7", "m \\\nf=1 @7"),
                        good("# a path\\\nm f=1 7", "m f=1 @7"),
                        good(
                                "m a=[1i,],b=[\"x\",],c=[t,],d=[\"aGk=\"b,] 7",
                                "m a=[1i],b=[\"x\"],c=[true],d=[bytes(aGk=)] @7"),
                        good(
                                "m a=[1i, 2i],b=[ \"x\" ,\t\"y\" ],c=[ ],d=[\t1.5\t, ] 7",
                                "m a=[1i,2i],b=[\"x\",\"y\"],c=[],d=[1.5] @7"),
                        good("m s=\"\\n\\t\" 7", "m s=\"\\\\n\\\\t\" @7"),
                        good("m s=\"a\nb\" 7\nn f=1 8", "m s=\"a\\nb\" @7|n f=1 @8"),
                        good(
                                "m f=123456789012345678901234567890 7",
                                "m f=1.2345678901234568e29 @7"),
                        good("m f=9007199254740993 7", "m f=9007199254740992 @7"),
                        good("m f=0.000000000000000000000000000001 7", "m f=1e-30 @7"),
                        good("m,t=1 f=1 7\nm,t=1 f=2 8\n\n", "m,t=1 f=1 @7|m,t=1 f=2 @8"),
                        good("\t # comment\n\t\n m f=1 7   ", "m f=1 @7"))
                .map(row ->
                        DynamicTest.dynamicTest(
                                row[0],
                                () ->
                                        assertThat(String.join("|", parse(row[0])))
                                                .isEqualTo(row[1])));
    }

    private static String[] good(String line, String points) {
        return new String[] {line, points};
    }

    @TestFactory
    Stream<DynamicTest> bad_lines_are_refused() {
        return Stream.of(
                        "m",
                        "m 7",
                        ",t=1 f=1",
                        "m,t f=1",
                        "m,t= f=1",
                        "m,=v f=1",
                        "m,t=1,t=2 f=1",
                        "m,t=a=b f=1",
                        "m, f=1",
                        "m f=",
                        "m =1",
                        "m f",
                        "m f=1,",
                        "m f=1,,g=2",
                        "m f=+1",
                        "m f=0x1",
                        "m f=NaN",
                        "m f=Inf",
                        "m f=.",
                        "m f=-",
                        "m f=1e",
                        "m f=1e400",
                        "m f=1.5i",
                        "m f=-1u",
                        "m f=9223372036854775808i",
                        "m f=-9223372036854775809i",
                        "m f=18446744073709551616u",
                        "m f=99999999999999999999i",
                        "m f=i",
                        "m f=tRUE",
                        "m f=\"x",
                        "m f=\"x\"y",
                        "m f=\"abc\"b",
                        "m f=\"a*==\"b",
                        "m f=[1i,\"x\"]",
                        "m f=[1i",
                        "m f=[,]",
                        "m f=[,1i]",
                        "m f=[1i,,2i]",
                        "m f=[1i,,]",
                        "m f=[1i 2i]",
                        "m f=[1i,\n]",
                        "m f=[1i,]x",
                        "m a\\\\=1",
                        "m a\\\\,b=1",
                        "m,t=a==b f=1",
                        "m,t=a\\\\\n f=1",
                        "m f=1 7\t",
                        "m f=[[1i]]",
                        "m f=1 7 8",
                        "m f=1 x",
                        "m f=1 7.0",
                        "m f=1 9223372036854775808",
                        "m f=1 7 # note",
                        "m f=1 7\r",
                        "m\tf=1\t7",
                        "m f=1 \"7\"")
                .map(line ->
                        DynamicTest.dynamicTest(
                                line,
                                () ->
                                        assertThatThrownBy(() -> parse(line))
                                                .isInstanceOf(RefusedException.class)
                                                .hasMessageMatching(
                                                        "(?s)[12] bad and 0 good lines.*")));
    }

    @Test
    void the_refusal_names_bad_lines_by_number_and_place() {
        assertThatThrownBy(() -> parse("a f=1 1\nb f=x 2\nc s=\"1\n2\" 3\nd 4\n"))
                .hasMessageContaining("2 bad and 2 good lines")
                .hasMessageContaining("line 2 at byte 8: \"x\" is no value in: b f=x 2")
                .hasMessageContaining("line 5 at byte");
    }

    @Test
    void the_refusal_shows_ten_lines_of_at_most_256_bytes() {
        String body = ("x".repeat(2000) + "\n").repeat(5000);
        assertThatThrownBy(() -> parse(body))
                .hasMessageContaining("5000 bad and 0 good")
                .satisfies(
                        e -> assertThat(String.valueOf(e.getMessage()).length()).isLessThan(4000));
    }

    @Test
    void a_line_of_ten_megabytes_is_read() throws RefusedException {
        String text = "y".repeat(10 << 20);
        assertThat(parse("m s=\"" + text + "\" 7")).containsExactly("m s=\"" + text + "\" @7");
    }

    @Test
    void many_tags_and_fields_are_read_in_linear_time() throws RefusedException {
        StringBuilder line = new StringBuilder("m");
        for (int i = 0; i < 100_000; i++) {
            line.append(",t").append(i).append("=v");
        }
        line.append(' ');
        for (int i = 0; i < 100_000; i++) {
            line.append('f').append(i).append("=1,");
        }
        RawPoints points = parse(line.append("f7=2 7").toString().getBytes(StandardCharsets.UTF_8));
        assertThat(points.points().getFirst().tags()).hasSize(100_000);
        assertThat(points.points().getFirst().fields()).hasSize(100_000);
        assertThat(points.points().getFirst().fields().get(7).value())
                .isEqualTo(new FieldValue.Real(2));
    }

    @Test
    void bytes_that_are_no_utf8_are_mended_with_a_warning_each_time() throws RefusedException {
        byte[] body = "m,t=a\u00ff f=1,s=\"\u00fe\" 7".getBytes(StandardCharsets.ISO_8859_1);
        for (int round = 0; round < 2; round++) {
            RawPoints read = parse(body);
            assertThat(Notation.of(read.points().getFirst()))
                    .isEqualTo("m,t=a\uFFFD f=1,s=\"\uFFFD\" @7");
            assertThat(read.warnings()).extracting("type").contains("invalid_utf8");
        }
        assertThat(parse("m,t=a\uFFFD f=1 7".getBytes(StandardCharsets.UTF_8)).warnings())
                .isEmpty();
    }

    @Test
    void doubles_are_the_nearest_ones() throws RefusedException {
        Random random = new Random(20261121);
        for (int i = 0; i < 20_000; i++) {
            String digits =
                    i % 2 == 0
                            ? Double.toString(Double.longBitsToDouble(random.nextLong()))
                            : random.nextInt(100_000_000) + "." + random.nextInt(100_000_000);
            double exact = Double.parseDouble(digits);
            if (Double.isFinite(exact)) {
                assertThat(parse(("m f=" + digits).getBytes(StandardCharsets.UTF_8)).points())
                        .first()
                        .extracting(point -> point.fields().getFirst().value())
                        .as(digits)
                        .isEqualTo(new FieldValue.Real(exact));
            }
        }
    }

    @Test
    void a_time_that_overflows_becomes_the_receive_time_with_a_warning() throws RefusedException {
        RawPoints read =
                parse(
                        "m f=1 9223372036854775807".getBytes(StandardCharsets.UTF_8),
                        Category.METRIC,
                        Timestamps.of("s", RECEIVED));
        assertThat(read.points().getFirst().timeNs()).isEqualTo(RECEIVED);
        assertThat(read.warnings()).extracting("type").containsExactly("invalid_time");
    }

    @Test
    void warnings_end_where_nobody_would_read_on() throws RefusedException {
        byte[] body = "\u00ff f=1 7\n".repeat(10_001).getBytes(StandardCharsets.ISO_8859_1);
        RawPoints read = parse(body);
        assertThat(read.points()).hasSize(10_001);
        assertThat(read.warnings()).hasSize(10_000);
    }

    @Test
    void a_point_has_no_more_values_than_memory_is_good_for() throws RefusedException {
        String most = "m a=[" + "1i,".repeat(499_998) + "1i] 7";
        assertThat(parse(most.getBytes(StandardCharsets.UTF_8)).points()).hasSize(1);
        byte[] more = most.replace("m a", "m b=1,a").getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> parse(more)).hasMessageContaining("more than 500000");
    }
}
