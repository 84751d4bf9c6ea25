package io.trapline.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentCodingTest {
    @ParameterizedTest
    @ValueSource(strings = {"gzip", "GZIP", " x-gzip "})
    void all_members_of_a_gzip_body_are_read_also_when_they_arrive_one_by_one(String coding)
            throws IOException {
        // One read gives one member, and nothing is known of the next before it is read.
        InputStream members =
                new SequenceInputStream(
                        new ByteArrayInputStream(gzip("one ")),
                        new ByteArrayInputStream(gzip("two")));
        InputStream body = new SteadyBody(members, () -> 0);
        assertThat(text(ContentCoding.decode(body, coding))).isEqualTo("one two");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "identity"})
    void no_coding_leaves_the_body_as_it_is(String coding) throws IOException {
        assertThat(
                        text(
                                ContentCoding.decode(
                                        new ByteArrayInputStream(
                                                "x".getBytes(StandardCharsets.UTF_8)),
                                        coding)))
                .isEqualTo("x");
    }

    @Test
    void an_empty_deflate_body_is_empty() throws IOException {
        assertThat(text(ContentCoding.decode(InputStream.nullInputStream(), "deflate"))).isEmpty();
    }

    @Test
    void an_unknown_coding_is_named() {
        assertThatThrownBy(() -> ContentCoding.decode(InputStream.nullInputStream(), "zstd"))
                .isInstanceOf(ContentCoding.UnknownCodingException.class)
                .hasMessageContaining("zstd");
    }

    @Test
    void a_sender_that_is_slower_than_64_bytes_a_second_is_cut_off_after_30_s() throws IOException {
        long[] now = new long[1];
        InputStream endless =
                new SteadyBody(new ByteArrayInputStream(new byte[10_000]), () -> now[0]);
        now[0] = 29_000_000_000L;
        assertThat(endless.readNBytes(1)).hasSize(1);
        now[0] = 31_000_000_000L;
        assertThatThrownBy(() -> endless.readNBytes(1)).hasMessageContaining("too slow");
        assertThat(endless.readNBytes(9000)).hasSize(9000);
    }

    private static String text(InputStream in) throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return packed.toByteArray();
    }
}
