package io.trapline.store;

/// How many rows there are, or how many came.
record RowCounts(long samples, long records, long runs, long streams) {
    static final RowCounts NONE = new RowCounts(0, 0, 0, 0);

    RowCounts plus(RowCounts more) {
        return new RowCounts(
                samples + more.samples,
                records + more.records,
                runs + more.runs,
                streams + more.streams);
    }
}
