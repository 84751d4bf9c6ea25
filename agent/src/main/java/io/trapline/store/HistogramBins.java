package io.trapline.store;

import io.trapline.model.Blob;
import io.trapline.model.circllhist.Bin;
import io.trapline.model.circllhist.Circllhist;
import io.trapline.model.circllhist.MalformedRecordException;
import java.util.ArrayList;
import java.util.List;

/// A histogram record as SQL can reckon with it: for each valid bin, in ascending order, the end
/// nearer to minus infinity, the width, and the count.
final class HistogramBins {
    private HistogramBins() {}

    /// Empty when the record cannot be read.
    static List<Double> of(Blob record) {
        List<Bin> bins;
        try {
            bins = Circllhist.ofRecord(record.toBytes()).bins();
        } catch (MalformedRecordException e) {
            return List.of();
        }
        List<Double> flat = new ArrayList<>(3 * bins.size());
        for (Bin bin : bins) {
            if (bin.isValid()) {
                flat.add(bin.left());
                flat.add(bin.width());
                flat.add(unsigned(bin.count()));
            }
        }
        return flat;
    }

    private static double unsigned(long bits) {
        return bits >= 0 ? bits : ((bits >>> 1) | (bits & 1)) * 2.0;
    }
}
