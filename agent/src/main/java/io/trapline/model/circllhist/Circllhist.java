package io.trapline.model.circllhist;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A log-linear histogram: counts of samples by two significant decimal digits.
///
/// Counts are unsigned 64 bit and stay at 2^64-1 when more is added. Bins are sorted by interval in
/// two arrays, so that inserting is a binary search and merging one walk; a latency histogram has
/// 20 to 200 bins. Not thread-safe.
public final class Circllhist {
    private static final long MAX_COUNT = -1L;

    private short[] keys;
    private long[] counts;
    private int size;

    public Circllhist() {
        this(8);
    }

    private Circllhist(int capacity) {
        keys = new short[capacity];
        counts = new long[capacity];
    }

    /// Reads a record; white space in the text is ignored.
    public static Circllhist ofBase64(String text) throws MalformedRecordException {
        return RecordCodec.decode(RecordCodec.fromBase64(text));
    }

    public static Circllhist ofRecord(byte[] record) throws MalformedRecordException {
        return RecordCodec.decode(record);
    }

    public static Circllhist ofBins(List<Bin> bins) {
        Circllhist histogram = new Circllhist(Math.max(1, bins.size()));
        bins.forEach(histogram::insert);
        return histogram;
    }

    public void insert(double value) {
        add(Bin.keyOf(value), 1);
    }

    /// @param count how many samples of that value, unsigned; 0 does nothing
    public void insert(double value, long count) {
        add(Bin.keyOf(value), count);
    }

    /// Samples of `value · 10^scale`, without a detour over doubles.
    public void insert(long value, int scale, long count) {
        add(Bin.keyOf(value, scale), count);
    }

    public void insert(Bin bin) {
        add(bin.key(), bin.count());
    }

    /// Makes `bin` the whole content of its interval: for cumulative histograms.
    public void replace(Bin bin) {
        int at = find(bin.key());
        if (bin.count() == 0) {
            if (at >= 0) {
                remove(at);
            }
        } else if (at >= 0) {
            counts[at] = bin.count();
        } else {
            insertAt(-at - 1, bin.key(), bin.count());
        }
    }

    /// Adds the counts of `other`, which stays as it is.
    public void merge(Circllhist other) {
        if (other.size == 0) {
            return;
        }
        if (other.size <= size / 8) {
            for (int i = 0; i < other.size; i++) {
                add(other.keys[i], other.counts[i]);
            }
            return;
        }
        short[] mergedKeys = new short[size + other.size];
        long[] mergedCounts = new long[size + other.size];
        int mine = 0;
        int theirs = 0;
        int to = 0;
        while (mine < size || theirs < other.size) {
            boolean takeMine =
                    theirs == other.size || (mine < size && keys[mine] <= other.keys[theirs]);
            boolean takeTheirs =
                    mine == size || (theirs < other.size && other.keys[theirs] <= keys[mine]);
            mergedKeys[to] = takeMine ? keys[mine] : other.keys[theirs];
            mergedCounts[to++] =
                    saturatingSum(
                            takeMine ? counts[mine++] : 0, takeTheirs ? other.counts[theirs++] : 0);
        }
        keys = mergedKeys;
        counts = mergedCounts;
        size = to;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    public int binCount() {
        return size;
    }

    /// Bins with a count, in the order of their intervals.
    public List<Bin> bins() {
        List<Bin> bins = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            bins.add(Bin.of(keys[i], counts[i]));
        }
        return bins;
    }

    /// All samples, those in the invalid bin included; unsigned.
    public long count() {
        long sum = 0;
        for (int i = 0; i < size; i++) {
            sum = saturatingSum(sum, counts[i]);
        }
        return sum;
    }

    /// The sum of the samples as their bins show them; 0 when there are none.
    public double sum() {
        double sum = 0;
        for (int i = firstValid(); i < size; i++) {
            sum += Bin.representative(keys[i]) * unsignedToDouble(counts[i]);
        }
        return sum;
    }

    /// NaN when there are no valid samples.
    public double mean() {
        return firstValid() == size ? Double.NaN : sum() / validCount();
    }

    /// The value below which a share `q` of the samples lies (type 1 of Hyndman and Fan, placed
    /// within its bin); NaN when there are no valid samples.
    ///
    /// @throws IllegalArgumentException when q is not in [0, 1]
    public double quantile(double q) {
        if (!(q >= 0 && q <= 1)) {
            throw new IllegalArgumentException("a quantile is in [0, 1], got " + q);
        }
        int first = firstValid();
        if (first == size) {
            return Double.NaN;
        }
        double target = q * validCount();
        double lower = 0;
        int at = first;
        double upper = unsignedToDouble(counts[at]);
        while (upper < target && at < size - 1) {
            lower = upper;
            upper += unsignedToDouble(counts[++at]);
        }
        short key = keys[at];
        if (key == Bin.ZERO) {
            return 0;
        }
        double width = Bin.width(key);
        double left = key > 0 ? Bin.nearEdge(key) : Bin.nearEdge(key) - width;
        double rank = Math.max(1, Math.ceil(target - lower));
        return left + rank / onePast(counts[at]) * width;
    }

    public double[] quantiles(double... qs) {
        return Arrays.stream(qs).map(this::quantile).toArray();
    }

    public byte[] toRecord() {
        return RecordCodec.encode(keys, counts, size);
    }

    public String toBase64() {
        return RecordCodec.toBase64(toRecord());
    }

    public Circllhist copy() {
        Circllhist copy = new Circllhist(Math.max(1, size));
        copy.merge(this);
        return copy;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Circllhist that
                && Arrays.equals(keys, 0, size, that.keys, 0, that.size)
                && Arrays.equals(counts, 0, size, that.counts, 0, that.size);
    }

    @Override
    public int hashCode() {
        return bins().hashCode();
    }

    @Override
    public String toString() {
        return bins().stream().map(Bin::toText).toList().toString();
    }

    void add(short key, long count) {
        if (count == 0) {
            return;
        }
        int at = find(key);
        if (at >= 0) {
            counts[at] = saturatingSum(counts[at], count);
        } else {
            insertAt(-at - 1, key, count);
        }
    }

    private int find(short key) {
        return Arrays.binarySearch(keys, 0, size, key);
    }

    private void insertAt(int at, short key, long count) {
        if (size == keys.length) {
            keys = Arrays.copyOf(keys, size * 2);
            counts = Arrays.copyOf(counts, size * 2);
        }
        System.arraycopy(keys, at, keys, at + 1, size - at);
        System.arraycopy(counts, at, counts, at + 1, size - at);
        keys[at] = key;
        counts[at] = count;
        size++;
    }

    private void remove(int at) {
        size--;
        System.arraycopy(keys, at + 1, keys, at, size - at);
        System.arraycopy(counts, at + 1, counts, at, size - at);
    }

    private int firstValid() {
        return size > 0 && keys[0] == Bin.INVALID ? 1 : 0;
    }

    private double validCount() {
        double sum = 0;
        for (int i = firstValid(); i < size; i++) {
            sum += unsignedToDouble(counts[i]);
        }
        return sum;
    }

    private static long saturatingSum(long a, long b) {
        long sum = a + b;
        return Long.compareUnsigned(sum, a) < 0 ? MAX_COUNT : sum;
    }

    private static double unsignedToDouble(long bits) {
        // The lowest bit is kept while halving, so that rounding goes the right way.
        return bits >= 0 ? bits : ((bits >>> 1) | (bits & 1)) * 2.0;
    }

    private static double onePast(long count) {
        return count == MAX_COUNT ? 0x1p64 : unsignedToDouble(count + 1);
    }
}
