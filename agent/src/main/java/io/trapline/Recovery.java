package io.trapline;

import io.trapline.journal.Journal.JournalStatus;
import io.trapline.journal.Journal.ReaderStatus;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Says what is there after an agent that was killed, or whose host went down. Nothing else has to
/// be done: the journal is whole up to its last fsync, and its readers go on where they were.
final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    private Recovery() {}

    /// @param killed the process that did not stop by itself; empty = it did, nothing is said
    /// @param found the journal as it was opened, before anybody reads on
    /// @param missing what is not there any more, as [io.trapline.journal.Journal#notices]
    static void tell(OptionalLong killed, JournalStatus found, List<String> missing) {
        if (killed.isEmpty()) {
            return;
        }
        if (!missing.isEmpty()) {
            LOG.error(
                    "The agent before, process {}, did not stop by itself, and not all that it had"
                            + " acknowledged may be there: {}. What is there goes up to position {}; {}",
                    killed.getAsLong(),
                    String.join("; ", missing),
                    found.head(),
                    behind(found.readers()));
            return;
        }
        LOG.warn(
                "The agent before, process {}, did not stop by itself. Recovered: the journal with"
                        + " everything it had acknowledged, up to position {}; {}{}",
                killed.getAsLong(),
                found.head(),
                behind(found.readers()),
                found.damaged() == 0 ? "" : "; damaged positions: " + found.damaged());
    }

    private static String behind(List<ReaderStatus> readers) {
        String left =
                readers.stream()
                        .filter(reader -> reader.lag() > 0)
                        .map(reader -> reader.name() + " " + reader.lag())
                        .collect(Collectors.joining(", "));
        return left.isEmpty()
                ? "every reader had read all of it"
                : "frames that are read now, at most: " + left;
    }
}
