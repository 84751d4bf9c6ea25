package io.trapline.journal;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How far each sender of [Journal#appendOnce] has come. The writer's; what a transaction changes
/// counts for the next one only after [#commit].
final class Origins {
    static final int MAX_SENDERS = 10_000;
    static final int MAX_REQUESTS = 10_000;

    private final Database database;

    /// The one that was silent longest comes first.
    private final LinkedHashMap<String, Origin> known = new LinkedHashMap<>(64, 0.75f, true);

    /// Of [Repeats], which come and go; they are not to push senders out.
    private final LinkedHashMap<String, Origin> requests = new LinkedHashMap<>(64, 0.75f, true);

    private final Map<String, Origin> changed = new HashMap<>();
    private final List<String> gone = new ArrayList<>();

    Origins(Database database, List<Origin> onDisk) {
        this.database = database;
        onDisk.forEach(origin -> of(origin).put(origin.sender(), origin));
    }

    private LinkedHashMap<String, Origin> of(Origin origin) {
        return Repeats.isRequest(origin) ? requests : known;
    }

    void begin() {
        changed.clear();
        gone.clear();
    }

    boolean isNew(Origin origin) {
        @Nullable Origin last = changed.get(origin.sender());
        if (last == null) {
            last = of(origin).get(origin.sender());
        }
        return last == null || origin.isAfter(last.position(), last.part());
    }

    void put(Origin origin) {
        changed.put(origin.sender(), origin);
    }

    /// Writes what changed, and gives up who was silent longest, within the transaction.
    ///
    /// @param position of the newest frame: orders senders by their last word
    void write(long position) throws SQLException {
        for (Origin origin : changed.values()) {
            database.putOrigin(origin, position);
        }
        giveUp(known, MAX_SENDERS);
        giveUp(requests, MAX_REQUESTS);
    }

    private void giveUp(LinkedHashMap<String, Origin> all, int most) throws SQLException {
        int fresh = 0;
        for (Origin origin : changed.values()) {
            fresh += of(origin) == all && !all.containsKey(origin.sender()) ? 1 : 0;
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
    void commit() {
        changed.values().forEach(origin -> of(origin).put(origin.sender(), origin));
        gone.forEach(known::remove);
        gone.forEach(requests::remove);
        begin();
    }
}
