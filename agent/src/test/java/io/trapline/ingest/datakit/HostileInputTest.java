package io.trapline.ingest.datakit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.Point;
import io.trapline.net.Source;
import io.trapline.pipeline.BatchCodec;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Whatever the bytes, a write ends as points or as a refusal, and points pass the journal's codec.
class HostileInputTest {
    private static final int ROUNDS = 5_000;

    private final WriteDecoder decoder = new WriteDecoder();
    private final InFlight.Reservation reservation =
            new InFlight(1 << 20, 1 << 22).open(new Source("a"));

    private List<Entry> decode(byte[] body, String type, String encoding) throws RefusedException {
        WriteRequest request = WriteRequest.of("logging", _ -> "", type, encoding);
        List<Entry> points = new ArrayList<>();
        decoder.decode(request, body, 1 << 20, reservation, 5, points::add);
        return points;
    }

    private void mutate(long seed, String type, String encoding, byte[]... seeds) {
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] body = mutated(random, seeds[random.nextInt(seeds.length)]);
            String shown = "seed " + seed + " round " + round + " " + Arrays.toString(body);
            try {
                List<Entry> points = decode(body, type, encoding);
                Batch batch = new Batch("http/x", 1, points);
                assertThat(BatchCodec.decode(BatchCodec.encode(batch)).entries())
                        .as(shown)
                        .hasSameSizeAs(points);
            } catch (RefusedException e) {
                assertThat(e.refused().status()).as(shown).isIn(400, 413);
            } catch (RuntimeException e) {
                throw new AssertionError(shown, e);
            }
        }
    }

    private static byte[] mutated(Random random, byte[] seed) {
        byte[] body = seed.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(body.length);
            switch (random.nextInt(4)) {
                case 0 -> body[at] = (byte) random.nextInt();
                case 1 -> body[at] = body[random.nextInt(body.length)];
                case 2 -> body = Arrays.copyOf(body, Math.max(1, at));
                default -> {
                    byte[] more = Arrays.copyOf(body, body.length + 1);
                    System.arraycopy(body, at, more, at + 1, body.length - at);
                    body = more;
                }
            }
        }
        return body;
    }

    @Test
    void line_protocol() {
        mutate(
                1,
                "",
                "",
                "m,t=1,u=\\,x f=1,s=\"a\\\"b\",d=\"aGk=\"b,a=[1i,2i] 17\nn f=t 8\n".getBytes(UTF_8),
                "# c\n m\\ x,k=v i=-9223372036854775808i,u=18446744073709551615u 9"
                        .getBytes(UTF_8));
    }

    @Test
    void json() {
        mutate(
                2,
                "application/json",
                "",
                "[{\"measurement\":\"m\",\"tags\":{\"t\":\"v\"},\"fields\":{\"f\":1e3,\"a\":[1,2]},\"time\":17}]"
                        .getBytes(UTF_8),
                ("[{\"name\":\"m\",\"fields\":[{\"key\":\"i\",\"i\":\"42\"},{\"key\":\"t\",\"s\":\"v\","
                                + "\"is_tag\":true},{\"key\":\"d\",\"d\":\"aGk=\"}],\"time\":\"17\"}]")
                        .getBytes(UTF_8));
    }

    @Test
    void protobuf() {
        mutate(3, "application/protobuf; proto=com.guance.Point", "", protobufPoint());
    }

    @Test
    void compressed_bodies() {
        byte[] gzip =
                HexFormat.of().parseHex("1f8b0800000000000203cb5548b3355430e70200e153656608000000");
        mutate(4, "", "gzip", gzip);
        mutate(5, "", "br", HexFormat.of().parseHex("7000106d20663d3120370a03"));
        mutate(6, "", "zstd", HexFormat.of().parseHex("28b52ffd2008410000" + "6d20663d3120370a"));
    }

    @Test
    void protobuf_points_are_read() throws RefusedException {
        Point point =
                (Point)
                        decode(protobufPoint(), "application/protobuf; proto=com.guance.Point", "")
                                .getFirst();
        assertThat(Notation.of(point))
                .isEqualTo(
                        "m,t=v f=1.5,i=-1i,status=\"info\",u=18446744073709551615u @17000000000");
        assertThat(point.fields()).extracting(Field::key).containsExactly("i", "u", "f", "status");
    }

    private static byte[] protobufPoint() {
        byte[] minusOne = {-1, -1, -1, -1, -1, -1, -1, -1, -1, 1};
        byte[] oneAndAHalf =
                ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(1.5).array();
        byte[] point =
                join(
                        message(1, "m".getBytes(UTF_8)),
                        message(
                                2,
                                join(message(1, new byte[] {'i'}), new byte[] {2 << 3}, minusOne)),
                        message(
                                2,
                                join(message(1, new byte[] {'u'}), new byte[] {3 << 3}, minusOne)),
                        message(
                                2,
                                join(
                                        message(1, new byte[] {'f'}),
                                        new byte[] {4 << 3 | 1},
                                        oneAndAHalf)),
                        message(
                                2,
                                join(
                                        message(1, new byte[] {'t'}),
                                        message(11, new byte[] {'v'}),
                                        new byte[] {8 << 3, 1})),
                        new byte[] {3 << 3, 17});
        return message(1, point);
    }

    private static byte[] message(int number, byte[] content) {
        return join(new byte[] {(byte) (number << 3 | 2), (byte) content.length}, content);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
