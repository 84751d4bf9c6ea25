package io.trapline.forward;

import io.trapline.journal.JournalReader.Frame;
import io.trapline.model.Batch;
import io.trapline.model.Entry;
import java.util.List;

/// What an output forwards of a frame.
///
/// @param batch the whole of it
/// @param parts in order, what the selection left
record Selected(Frame frame, Batch batch, List<Part> parts) {
    Selected {
        parts = List.copyOf(parts);
    }

    /// @param end how many of the frame's entries are dealt with once this one is
    record Part(int end, Entry entry) {}

    boolean isWhole() {
        if (parts.size() != batch.entries().size()) {
            return false;
        }
        for (int i = 0; i < parts.size(); i++) {
            if (!parts.get(i).entry().equals(batch.entries().get(i))) {
                return false;
            }
        }
        return true;
    }
}
