package io.trapline.journal;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// Which journal it is and how it came about: enough for a reader that keeps its own position, as
/// the store does, to know what that position means in a journal that may have been deleted, made
/// anew, or put back to an older copy in between.
///
/// A *life* is what one process appended, from its first frame on. Two journals that have a life in
/// common have the same frames up to where the first of them left it.
///
/// @param journal as [Journal#identity]
/// @param lives oldest first; the last one is of the process that has it open. The very oldest are
///   forgotten some day
public record Lineage(String journal, List<Life> lives) {
    /// @param id random
    /// @param first position of its first frame
    public record Life(String id, long first) {
        public Life {
            if (id.isEmpty() || id.indexOf(' ') >= 0 || first < 1) {
                throw new IllegalArgumentException("no life: '" + id + "' from " + first);
            }
        }
    }

    public static final Lineage UNKNOWN = new Lineage("", List.of());

    public Lineage {
        lives = List.copyOf(lives);
    }

    /// How far a reader has come in this journal that had come to `position` in another state of
    /// it.
    ///
    /// @param before the lineage that goes with the position; [#UNKNOWN] = believe the position
    /// @param head newest position of this journal
    /// @return empty when this is another journal, of which the reader has nothing
    public OptionalLong resume(Lineage before, long position, long head) {
        for (int i = before.lives.size() - 1; i >= 0; i--) {
            int here = indexOf(before.lives.get(i).id());
            if (here >= 0) {
                long read = before.end(i, position);
                return OptionalLong.of(Math.min(read, end(here, head)));
            }
        }
        boolean same = before.journal.isEmpty() || before.journal.equals(journal);
        return same && position <= head ? OptionalLong.of(position) : OptionalLong.empty();
    }

    private int indexOf(String id) {
        for (int i = 0; i < lives.size(); i++) {
            if (lives.get(i).id().equals(id)) {
                return i;
            }
        }
        return -1;
    }

    /// The last position of a life, as far as it was read.
    private long end(int life, long read) {
        return life + 1 < lives.size() ? Math.min(read, lives.get(life + 1).first() - 1) : read;
    }

    /// As text without line ends: the journal, then each life as `id:first`, with spaces between.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(journal);
        for (Life life : lives) {
            text.append(' ').append(life.id()).append(':').append(life.first());
        }
        return text.toString();
    }

    /// Reads [#toString].
    ///
    /// @throws IllegalArgumentException when it is something else
    public static Lineage parse(String text) {
        String[] words = text.split(" ", -1);
        List<Life> lives = new ArrayList<>();
        for (int i = 1; i < words.length; i++) {
            int colon = words[i].lastIndexOf(':');
            if (colon < 1) {
                throw new IllegalArgumentException("no life: " + words[i]);
            }
            lives.add(
                    new Life(
                            words[i].substring(0, colon),
                            Long.parseLong(words[i].substring(colon + 1))));
        }
        return new Lineage(words[0], lives);
    }
}
