package io.trapline.pipeline;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalReader;
import io.trapline.journal.Origin;
import io.trapline.model.Batch;
import io.trapline.model.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// A journal in memory, for tests of what writes to it; it has no readers.
public final class ListJournal implements Journal {
    private final List<byte[]> frames = new CopyOnWriteArrayList<>();
    private final Map<String, Origin> origins = new ConcurrentHashMap<>();
    private volatile @Nullable JournalException failure;

    @Override
    public long append(byte[] frame) throws JournalException {
        JournalException fail = failure;
        if (fail != null) {
            throw fail;
        }
        frames.add(frame);
        return frames.size();
    }

    @Override
    public int appendOnce(List<Arrival> arrivals) throws JournalException {
        int kept = 0;
        for (Arrival arrival : arrivals) {
            Origin origin = arrival.origin();
            Origin last = origins.get(origin.sender());
            if (last == null || origin.isAfter(last.position(), last.part())) {
                append(arrival.frame());
                origins.put(origin.sender(), origin);
                kept++;
            }
        }
        return kept;
    }

    /// Every later append fails so; null: works again.
    public void fail(@Nullable JournalException newFailure) {
        failure = newFailure;
    }

    public List<byte[]> frames() {
        return frames;
    }

    public List<Batch> batches() {
        return frames.stream().map(BatchCodec::decode).toList();
    }

    public List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        batches().forEach(batch -> entries.addAll(batch.entries()));
        return entries;
    }

    public void clear() {
        frames.clear();
    }

    @Override
    public JournalReader reader(String name) {
        throw new UnsupportedOperationException("a list has no readers");
    }

    @Override
    public void removeReader(String name) {
        throw new UnsupportedOperationException("a list has no readers");
    }

    @Override
    public JournalStatus status() {
        return new JournalStatus(frames.size(), 1, 0, 0, 0, 0, List.of());
    }

    @Override
    public void close() {}
}
