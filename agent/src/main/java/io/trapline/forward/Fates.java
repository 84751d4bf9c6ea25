package io.trapline.forward;

import io.trapline.journal.Sum;
import io.trapline.journal.Weigher;
import java.util.Map;
import java.util.TreeMap;

/// What becomes of the frames that an output has read and not passed yet, for the sums that the
/// journal keeps beside its cursor ([io.trapline.journal.JournalReader#commit]). One owner thread.
///
/// ```
/// passed     frames, and the entries in them
/// excluded   entries that the selection left out
/// made       items that were made of the rest
/// sent       items that the receiver acknowledged
/// aside      items that were set aside
/// ```
///
/// Of frames that are passed, made = sent + aside.
final class Fates {
    private static final String PASSED = "passed";
    private static final String EXCLUDED = "excluded";
    private static final String MADE = "made";
    private static final String SENT = "sent";
    private static final String ASIDE = "aside";

    private final TreeMap<Long, Frame> open = new TreeMap<>();

    private static final class Frame {
        private final Weigher.Weight weight;
        private long excluded;
        private long made;
        private long sent;
        private long aside;

        Frame(Weigher.Weight weight) {
            this.weight = weight;
        }
    }

    /// A frame that is read again, because the first time failed, begins anew.
    void read(long position, Weigher.Weight weight) {
        open.put(position, new Frame(weight));
    }

    void excluded(long position, long entries) {
        at(position).excluded += entries;
    }

    void made(long position) {
        at(position).made++;
    }

    void sent(long position) {
        at(position).sent++;
    }

    void aside(long position) {
        at(position).aside++;
    }

    private Frame at(long position) {
        Frame frame = open.get(position);
        if (frame == null) {
            throw new IllegalStateException("frame " + position + " was not read");
        }
        return frame;
    }

    Map<Sum, Sum.Amount> upTo(long position) {
        Sum.Tally tally = new Sum.Tally();
        for (Frame frame : open.headMap(position, true).values()) {
            tally.add(PASSED, frame.weight);
            add(tally, EXCLUDED, frame, frame.excluded);
            add(tally, MADE, frame, frame.made);
            add(tally, SENT, frame, frame.sent);
            add(tally, ASIDE, frame, frame.aside);
        }
        return tally.amounts();
    }

    private static void add(Sum.Tally tally, String what, Frame frame, long count) {
        if (count > 0) {
            tally.add(
                    new Sum(what, frame.weight.door(), frame.weight.hour()),
                    new Sum.Amount(0, count));
        }
    }

    void forget(long position) {
        open.headMap(position, true).clear();
    }
}
