package io.trapline.model.circllhist;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.trapline.fuzz.Promises;
import io.trapline.fuzz.Stretch;
import java.util.Optional;

/// Bytes, base64 and `H[x]=n` are refused, or are a histogram that is the same when it is written
/// in each of the three forms and read again.
public final class CircllhistFuzz {
    private CircllhistFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        byte[] input = Stretch.of(data);
        String text = new String(input, ISO_8859_1);
        try {
            keep(Circllhist.ofRecord(input));
        } catch (MalformedRecordException e) {
            Promises.holds(e.getMessage() != null, "a refusal without a reason");
        }
        try {
            keep(Circllhist.ofBase64(text));
        } catch (MalformedRecordException e) {
            Promises.holds(e.getMessage() != null, "a refusal without a reason");
        }
        BinText.parse(text).ifPresent(CircllhistFuzz::keep);
    }

    private static void keep(Bin bin) {
        Promises.same(Optional.of(bin), BinText.parse(bin.toText()), "written as a text");
        Circllhist histogram = new Circllhist();
        histogram.insert(bin);
        keep(histogram);
    }

    private static void keep(Circllhist histogram) {
        try {
            Promises.same(
                    histogram, Circllhist.ofRecord(histogram.toRecord()), "written as a record");
            Promises.same(
                    histogram, Circllhist.ofBase64(histogram.toBase64()), "written as base64");
        } catch (MalformedRecordException e) {
            throw new AssertionError("its own record is refused: " + histogram, e);
        }
        Circllhist texts = new Circllhist();
        for (Bin bin : histogram.bins()) {
            Promises.holds(bin.count() != 0, "an empty bin");
            texts.insert(BinText.parse(bin.toText()).orElseThrow());
        }
        Promises.same(histogram, texts, "written as texts");
        Circllhist merged = new Circllhist();
        merged.merge(histogram);
        Promises.same(histogram, merged, "merged into an empty one");
        Promises.holds(!Double.isNaN(histogram.sum()), "its sum is no number: " + histogram);
        double low = histogram.quantile(0);
        double high = histogram.quantile(1);
        Promises.holds(
                Double.isNaN(low) == Double.isNaN(high) && !(low > high),
                "from " + low + " to " + high + ": " + histogram);
    }
}
