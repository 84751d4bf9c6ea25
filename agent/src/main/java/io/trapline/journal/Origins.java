package io.trapline.journal;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// How far each sender of [Journal#appendOnce] has come. The writer's; what a transaction changes
/// counts for the next one only after [#commit]. Others may ask for [#memory]: `this` guards
/// `known`, `requests` and `sums`.
///
/// A sender takes a new name with each of its lives, so there are more names than senders; who was
/// silent longest is given up first.
final class Origins {
    static final int MAX_SENDERS = 10_000;
    static final int MAX_REQUESTS = 10_000;

    private final Database database;

    /// The one that was silent longest comes first.
    private final LinkedHashMap<String, Origin> known = new LinkedHashMap<>(64, 0.75f, true);

    /// Of [Repeats], which come and go; they are not to push senders out.
    private final LinkedHashMap<String, Origin> requests = new LinkedHashMap<>(64, 0.75f, true);

    private final Map<String, Long> sums;
    private final Map<String, Origin> changed = new HashMap<>();

    /// The checksums of what is in `changed`.
    private final Map<String, Long> changedSums = new HashMap<>();

    private final List<String> gone = new ArrayList<>();

    /// @param sums of each sender's last frame
    Origins(Database database, List<Origin> onDisk, Map<String, Long> sums) {
        this.database = database;
        this.sums = new HashMap<>(sums);
        onDisk.forEach(origin -> of(origin).put(origin.sender(), origin));
    }

    private Map<String, Origin> of(Origin origin) {
        return Repeats.isRequest(origin) ? requests : known;
    }

    void begin() {
        changed.clear();
        changedSums.clear();
        gone.clear();
    }

    boolean isNew(Origin origin) {
        @Nullable Origin last = changed.get(origin.sender());
        if (last == null) {
            last = known(origin);
        }
        return last == null || origin.isAfter(last.position(), last.part());
    }

    private synchronized @Nullable Origin known(Origin origin) {
        return of(origin).get(origin.sender());
    }

    /// What is on disk of a sender.
    synchronized Journal.Memory memory(String sender) {
        return new Journal.Memory(
                Optional.ofNullable(known.get(sender)),
                Optional.ofNullable(sums.get(sender)),
                known.size() < MAX_SENDERS);
    }

    void put(Origin origin, byte[] frame) {
        changed.put(origin.sender(), origin);
        if (!Repeats.isRequest(origin)) {
            changedSums.put(origin.sender(), sum(frame));
        }
    }

    private static long sum(byte[] frame) {
        CRC32C sum = new CRC32C();
        sum.update(frame);
        return sum.getValue();
    }

    /// Writes what changed, and gives up who was silent longest, within the transaction.
    ///
    /// @param position of the newest frame: orders senders by their last word
    synchronized void write(long position) throws SQLException {
        for (Origin origin : changed.values()) {
            database.putOrigin(origin, position);
            if (!Repeats.isRequest(origin)) {
                database.putOriginSum(origin, changedSums.getOrDefault(origin.sender(), 0L));
            }
        }
        giveUp(known, false, MAX_SENDERS);
        giveUp(requests, true, MAX_REQUESTS);
    }

    /// @param areRequests whether they are of [Repeats]
    private void giveUp(Map<String, Origin> all, boolean areRequests, int most)
            throws SQLException {
        int fresh = 0;
        for (Origin origin : changed.values()) {
            boolean concerns = Repeats.isRequest(origin) == areRequests;
            fresh += concerns && !all.containsKey(origin.sender()) ? 1 : 0;
        }
        int over = all.size() + fresh - most;
        for (String sender : all.keySet()) {
            if (over <= 0) {
                break;
            }
            if (!changed.containsKey(sender)) {
                database.deleteOrigin(sender);
                gone.add(sender);
                over--;
            }
        }
    }

    /// The transaction is on disk.
    synchronized void commit() {
        changed.values().forEach(origin -> of(origin).put(origin.sender(), origin));
        sums.putAll(changedSums);
        gone.forEach(known::remove);
        gone.forEach(requests::remove);
        gone.forEach(sums::remove);
        begin();
    }
}
