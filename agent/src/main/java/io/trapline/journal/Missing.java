package io.trapline.journal;

import java.nio.file.Path;
import java.util.Optional;

/// Compares what the journal remembered of itself with what is there.
///
/// @param gone whether there was no database, or an empty one
record Missing(Path file, Known.Line known, boolean gone) {

    /// What is not there any more.
    ///
    /// @param text for the operator
    /// @param frames how many were acknowledged, and are neither kept nor trimmed
    record Loss(String text, long frames) {}

    /// Compares what was remembered with what was found; empty when all is there.
    ///
    /// @param identity of the journal that was opened
    /// @param extent what it has
    Optional<Loss> loss(String identity, Extent extent) {
        if (!known.isThere() || known.head() == 0) {
            return Optional.empty();
        }
        boolean other = gone || !identity.equals(known.identity());
        long before = other ? known.tail() - 1 : extent.head();
        return text(identity, extent)
                .map(text -> new Loss(text, Math.max(0, known.head() - before)));
    }

    private Optional<String> text(String identity, Extent extent) {
        if (gone && known.head() < known.tail()) {
            return Optional.of(
                    "%s was deleted or emptied; its readers had read all that is known of it, up to"
                                    .formatted(file)
                            + " position %d; a new journal was begun".formatted(known.head()));
        }
        if (gone) {
            return Optional.of(
                    "%s was deleted or emptied: positions %d to %d, %d frames, were acknowledged, kept"
                                    .formatted(
                                            file,
                                            known.tail(),
                                            known.head(),
                                            known.head() - known.tail() + 1)
                            + " for their readers, and are gone; a new journal was begun. What its"
                            + " readers had not read yet is in no store and at no output, unless"
                            + " you have a copy of the file: then stop, put it back, and start");
        }
        if (!identity.equals(known.identity())) {
            return Optional.of(
                    "%s is another journal than the one that was here before, ".formatted(file)
                            + (known.head() < known.tail()
                                    ? "of which its readers had read all, up to position %d"
                                            .formatted(known.head())
                                    : "which had positions %d to %d; what its readers had not read of it"
                                                    .formatted(known.tail(), known.head())
                                            + " yet is not here"));
        }
        if (known.head() > extent.head()) {
            return Optional.of(
                    "positions %d to %d, %d frames, were acknowledged and are gone from %s: an older"
                                    .formatted(
                                            extent.head() + 1,
                                            known.head(),
                                            known.head() - extent.head(),
                                            file)
                            + " copy of it was put back, or its log (%s) was deleted, cut or damaged."
                                    .formatted(WalFile.of(file).getFileName())
                            + " What its readers had not read of them is in no store and at no"
                            + " output");
        }
        return Optional.empty();
    }
}
