package io.trapline.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Batch;
import io.trapline.model.Blob;
import io.trapline.model.Category;
import io.trapline.model.CheckState;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.HeldValue;
import io.trapline.model.PeriodEnd;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchCodecTest {
    private static final Batch EVERYTHING =
            new Batch(
                    "pythond/demo/Host",
                    1_700_000_000_123_456_789L,
                    List.<Entry>of(
                            new Point(
                                    Category.LOGGING,
                                    "温度",
                                    List.of(new Tag("a", ""), new Tag("b", "x".repeat(5000))),
                                    List.of(
                                            new Field("n", new FieldValue.Null()),
                                            new Field("r", new FieldValue.Real(-0.0)),
                                            new Field(
                                                    "d",
                                                    new FieldValue.Real(
                                                            9007199254740992d, "9007199254740993")),
                                            new Field("i", new FieldValue.Int(Long.MIN_VALUE)),
                                            new Field("u", new FieldValue.UInt(-1)),
                                            new Field("t", new FieldValue.Bool(true)),
                                            new Field("f", new FieldValue.Bool(false)),
                                            new Field("s", new FieldValue.Text("a\"b\n")),
                                            new Field("j", new FieldValue.Json("{\"a\":[1]}")),
                                            new Field(
                                                    "x",
                                                    new FieldValue.Bytes(
                                                            Blob.of(new byte[] {0, -1}))),
                                            new Field(
                                                    "l",
                                                    new FieldValue.Array(
                                                            List.of(
                                                                    new FieldValue.Int(1),
                                                                    new FieldValue.Int(2))))),
                                    Long.MIN_VALUE),
                            new Sample(
                                    "m`k",
                                    List.of(new Tag("c", "v"), new Tag("c", "w")),
                                    new SampleValue.Whole(SampleType.UINT64, -1),
                                    Long.MAX_VALUE),
                            new Sample(
                                    "m",
                                    List.of(),
                                    new SampleValue.Histogram(
                                            SampleType.CUMULATIVE_HISTOGRAM,
                                            Blob.of(new byte[] {0, 1})),
                                    5),
                            new Sample("m", List.of(), new SampleValue.Text("t"), 5),
                            new Sample("m", List.of(), new SampleValue.Real(0.1), 5),
                            new Sample("m", List.of(), new SampleValue.Absent(SampleType.INT32), 5),
                            new Run("in", "Col", 1, 2, 3, Run.Outcome.CRASHED, 4, "trace"),
                            new Run("in", "Col", 1, 2, 3, Run.Outcome.OK, 4, "").on("web01"),
                            new CheckState(9, "trap/x", true, 7)));

    @Test
    void what_is_encoded_comes_back_equal() {
        assertThat(BatchCodec.decode(BatchCodec.encode(EVERYTHING))).isEqualTo(EVERYTHING);
    }

    @Test
    void a_frame_that_ends_early_is_named_as_such() {
        byte[] frame = BatchCodec.encode(EVERYTHING);
        for (int length = 0; length < frame.length; length += 7) {
            byte[] cut = Arrays.copyOf(frame, length);
            assertThatThrownBy(() -> BatchCodec.decode(cut))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("journal frame");
        }
    }

    @Test
    void what_a_period_holds_survives_encoding() {
        Batch batch =
                new Batch(
                        "trap/x",
                        5,
                        List.of(
                                held(new HeldValue.Part.Presence()),
                                held(new HeldValue.Part.Last(new SampleValue.Text("t"))),
                                held(
                                        new HeldValue.Part.Summand(
                                                true,
                                                new SampleValue.Real(1.5),
                                                BigInteger.ONE.shiftLeft(70).negate(),
                                                0.1,
                                                true,
                                                3)),
                                held(
                                        new HeldValue.Part.Bins(
                                                true, false, Blob.of(new byte[] {0, 0}))),
                                new PeriodEnd(true, PeriodEnd.ALL, 7)));
        byte[] frame = BatchCodec.encode(batch);
        assertThat(BatchCodec.decode(frame)).isEqualTo(batch);
        assertThat(BatchCodec.sourceOf(frame)).isEqualTo("trap/x");
    }

    private static HeldValue held(HeldValue.Part part) {
        return new HeldValue("m", List.of(new Tag("a", "b")), false, part);
    }
}
