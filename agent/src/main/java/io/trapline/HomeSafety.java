package io.trapline;

import io.trapline.files.PrivateFolders;
import java.io.IOException;
import java.util.List;

/// Whether the agent's own files are its user's alone, before anything of them is believed.
final class HomeSafety {
    private HomeSafety() {}

    /// Closes `data`, `logs` and what was fetched from repositories to other users.
    ///
    /// @throws IOException with everything that belongs to another user or that others can write,
    ///   and what cures it; nothing was changed then
    static void enter(Home home) throws IOException {
        PrivateFolders.enter(
                List.of(home.data(), home.gitrepos().resolve(".store")), List.of(home.logs()));
    }
}
