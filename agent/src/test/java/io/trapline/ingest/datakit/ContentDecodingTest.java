package io.trapline.ingest.datakit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.v3.zstd.ZstdOutputStream;
import io.trapline.net.Source;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class ContentDecodingTest {
    private static final byte[] PLAIN = "m f=1 7\n".getBytes(UTF_8);

    /// One stored block of `PLAIN` and the empty last block, by RFC 7932.
    private static final byte[] BROTLI = HexFormat.of().parseHex("7000106d20663d3120370a03");

    private static final InFlight.Reservation RESERVATION =
            new InFlight(1 << 20, 1 << 22).open(new Source("a"));

    private interface Wrap {
        OutputStream around(OutputStream out) throws IOException;
    }

    private static byte[] encode(Wrap wrap) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream encoder = wrap.around(new FilterOutputStream(out))) {
            encoder.write(PLAIN);
        }
        return out.toByteArray();
    }

    private static byte[] decode(byte[] body, String encoding) throws RefusedException {
        return ContentDecoding.decode(body, encoding, 1000, RESERVATION);
    }

    @Test
    void each_encoding_is_undone_in_any_letter_case() throws Exception {
        assertThat(decode(encode(GZIPOutputStream::new), "gzip")).isEqualTo(PLAIN);
        assertThat(decode(encode(GZIPOutputStream::new), "X-GZIP")).isEqualTo(PLAIN);
        assertThat(decode(encode(DeflaterOutputStream::new), "Deflate")).isEqualTo(PLAIN);
        assertThat(decode(encode(ZstdOutputStream::new), "ZSTD")).isEqualTo(PLAIN);
        assertThat(decode(BROTLI, "br")).isEqualTo(PLAIN);
        assertThat(decode(PLAIN, "identity")).isEqualTo(PLAIN);
        assertThat(decode(PLAIN, "")).isEqualTo(PLAIN);
    }

    @Test
    void whatever_is_cut_off_is_refused() throws Exception {
        List<byte[]> bodies =
                List.of(
                        encode(GZIPOutputStream::new),
                        encode(DeflaterOutputStream::new),
                        encode(ZstdOutputStream::new),
                        BROTLI);
        List<String> names = List.of("gzip", "deflate", "zstd", "br");
        for (int i = 0; i < bodies.size(); i++) {
            for (int length = 0; length < bodies.get(i).length; length++) {
                byte[] cut = Arrays.copyOf(bodies.get(i), length);
                String name = names.get(i);
                if (name.equals("zstd") && length == 0) {
                    continue; // No frame at all is an empty zstd stream.
                }
                assertThatThrownBy(() -> decode(cut, name))
                        .as("%s of %s bytes", name, length)
                        .isInstanceOf(RefusedException.class);
            }
        }
    }

    @Test
    void bytes_after_the_end_are_refused() throws Exception {
        for (String name : List.of("gzip", "deflate")) {
            byte[] whole =
                    encode(name.equals("gzip") ? GZIPOutputStream::new : DeflaterOutputStream::new);
            byte[] more = Arrays.copyOf(whole, whole.length + 3);
            assertThatThrownBy(() -> decode(more, name))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("not whole");
        }
    }

    @Test
    void a_flipped_bit_in_gzip_is_refused() throws Exception {
        byte[] body = encode(GZIPOutputStream::new);
        body[body.length - 6] ^= 1;
        assertThatThrownBy(() -> decode(body, "gzip")).hasMessageContaining("checksum");
    }

    @Test
    void more_than_the_limit_is_413() throws Exception {
        byte[] body = encode(GZIPOutputStream::new);
        assertThatThrownBy(() -> ContentDecoding.decode(body, "gzip", 7, RESERVATION))
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        e -> assertThat(e.refused().status()).isEqualTo(413));
    }
}
