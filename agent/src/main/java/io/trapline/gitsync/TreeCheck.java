package io.trapline.gitsync;

import java.nio.file.Path;
import java.util.List;

/// Says whether a commit can be put in place.
@FunctionalInterface
public interface TreeCheck {
    /// What speaks against it, one line each; empty = nothing.
    ///
    /// @param repository the directory's name below `gitrepos`
    /// @param tree the commit's files, not in place yet
    List<String> problems(String repository, Path tree);
}
