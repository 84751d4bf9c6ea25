package io.trapline.pipeline;

import io.trapline.journal.Weigher;
import io.trapline.model.Batch;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Run;
import io.trapline.model.SampleType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// A batch as the journal's bytes, and back.
///
/// ```
/// frame   = version:u8 (1)  source:text  accepted:time  count:varint  entry*
/// entry   = 1 point  | category:u8  name:text  tags  fields  time
///         | 2 sample | name:text  tags  sample  time
///         | 3 run    | input:text collector:text planned:time started:time duration:zigzag
///                      outcome:u8 points:zigzag error:text
///         | 4 check  | time source:text available:u8 metrics:zigzag
///         | 5 held   | name:text  tags  accepted:u8  part
///         | 6 end    | window:u8 end:zigzag through:zigzag
///         | 7 run    | as 3, then host:text
/// part    = 0 present | 1 last: sample
///         | 2 sum or 3 average: sample whole:text real:f64 hasReal:u8 count:zigzag
///         | 4 bins: cumulative:u8 replacesAll:u8 blob
/// tags    = count:varint (key:text value:text)*
/// fields  = count:varint (key:text value)*
/// value   = 0 null | 1 double:f64 | 2 double:f64 digits:text | 3 int:zigzag | 4 uint:varint
///         | 5 false | 6 true | 7 text | 8 bytes:blob | 9 array: count:varint value*
/// sample  = type:u8 then: 0 absent | 1 double:f64 | 2 double:f64 digits:text | 3 bits:zigzag
///         | 7 text | 8 bytes:blob
/// time    = zigzag of the difference to the time before it in the frame (first: to 0)
/// text    = 0 length:varint utf8   first time; takes the next number, counted from 2
///         | 1 length:varint utf8   a long text, takes no number
///         | n                      the text with number n
/// ```
///
/// `varint` is LEB128 (the frame's count is padded to four bytes: it is known last), `f64`
/// little-endian. Enums are written as their ordinal: append to them, never reorder. An array has
/// no arrays in it. A frame is whole or not there (the journal has checksums), so that a bad one is
/// a defect, or was sent by somebody: [#decode] throws [IllegalStateException] and nothing else.
public final class BatchCodec {
    static final int VERSION = 1;

    static final int POINT = 1;
    static final int SAMPLE = 2;
    static final int RUN = 3;
    static final int CHECK_STATE = 4;
    static final int HELD = 5;
    static final int PERIOD_END = 6;
    static final int RUN_ON_HOST = 7;

    static final int PRESENCE = 0;
    static final int LAST = 1;
    static final int SUM = 2;
    static final int AVERAGE = 3;
    static final int BINS = 4;

    static final int NULL = 0;
    static final int DOUBLE = 1;
    static final int DOUBLE_WITH_DIGITS = 2;
    static final int INT = 3;
    static final int UINT = 4;
    static final int FALSE = 5;
    static final int TRUE = 6;
    static final int TEXT = 7;
    static final int BYTES = 8;
    static final int ARRAY = 9;
    static final int JSON = 10;

    static final int NEW_TEXT = 0;
    static final int LONG_TEXT = 1;
    static final int FIRST_NUMBER = 2;

    private static final Set<String> DOORS = Set.of("pythond", "http", "push", "trap");
    private static final long NS_PER_HOUR = 3_600_000_000_000L;

    /// In bytes: a number of each kind of entry.
    private static final int SMALLEST_ENTRY = 4;

    /// Longer texts are rarely seen twice and would only fill the dictionary.
    static final int DICTIONARY_LIMIT = 128;

    static final Category[] CATEGORIES = Category.values();
    static final Run.Outcome[] OUTCOMES = Run.Outcome.values();
    static final SampleType[] SAMPLE_TYPES = SampleType.values();

    private BatchCodec() {}

    public static byte[] encode(Batch batch) {
        FrameWriter out =
                new FrameWriter(
                        batch.source(), batch.acceptedNs(), 64 + 48 * batch.entries().size());
        for (Entry entry : batch.entries()) {
            out.add(entry);
        }
        return out.toBytes();
    }

    /// The source alone, at a fraction of the cost; empty when the frame is bad.
    public static String sourceOf(byte[] frame) {
        FrameReader in = new FrameReader(frame);
        try {
            return in.u8() == VERSION ? in.text() : "";
        } catch (IndexOutOfBoundsException | IllegalStateException e) {
            return "";
        }
    }

    /// What a frame counts as in sums, at a fraction of the cost of [#decode]: the door of its
    /// source (see [#doorOf]), the hour in which it was accepted, its entries. A bad frame counts
    /// as one entry of the door `?`.
    public static Weigher.Weight weigh(byte[] frame) {
        FrameReader in = new FrameReader(frame);
        try {
            if (in.u8() == VERSION) {
                String door = doorOf(in.text());
                long hour = Math.floorDiv(in.time(), NS_PER_HOUR);
                return new Weigher.Weight(door, hour, in.count());
            }
        } catch (IndexOutOfBoundsException | IllegalStateException e) {
            // As one of another version.
        }
        return new Weigher.Weight(Weigher.UNKNOWN_DOOR, 0, 1);
    }

    /// The first part of a source where it is one of Trapline's own, `other` of any other: there
    /// are few doors, whatever others send.
    public static String doorOf(String source) {
        int slash = source.indexOf('/');
        String first = slash < 0 ? source : source.substring(0, slash);
        return DOORS.contains(first) ? first : "other";
    }

    public static Batch decode(byte[] frame) {
        FrameReader in = new FrameReader(frame);
        try {
            int version = in.u8();
            if (version != VERSION) {
                throw new IllegalStateException(
                        "journal frame has version " + version + ", this program reads " + VERSION);
            }
            String source = in.text();
            long accepted = in.time();
            int count = in.count();
            List<Entry> entries = new ArrayList<>(Math.min(count, frame.length / SMALLEST_ENTRY));
            for (int i = 0; i < count; i++) {
                entries.add(in.entry());
            }
            if (!in.isAtEnd()) {
                throw new IllegalStateException(
                        "journal frame of " + frame.length + " bytes goes on after its entries");
            }
            return new Batch(source, accepted, entries);
        } catch (IndexOutOfBoundsException e) {
            throw new IllegalStateException(
                    "journal frame of "
                            + frame.length
                            + " bytes ends early, or names what there is not",
                    e);
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException(
                    "journal frame has an impossible value: " + e.getMessage(), e);
        }
    }
}
