package io.trapline.gitsync;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What one repository is at.
///
/// @param name of its directory below `gitrepos`
/// @param url without secrets
/// @param applied the commit that is in place, also while the server is away
/// @param checkedAt when the server was last asked
/// @param error why the last attempt failed; empty when it did not
/// @param refused the branch's commit, where that could not be put in place
/// @param reasons why
/// @param notes about the commit in place, such as submodules
public record RepositoryStatus(
        String name,
        String url,
        String branch,
        State state,
        Optional<Commit> applied,
        Optional<Instant> checkedAt,
        String error,
        Optional<Commit> refused,
        List<String> reasons,
        List<String> notes) {
    public RepositoryStatus {
        reasons = List.copyOf(reasons);
        notes = List.copyOf(notes);
    }

    public enum State {
        /// The server has not been asked yet.
        STARTING,
        /// What is in place is the branch's commit.
        OK,
        /// The server could not be asked, or the commit could not be fetched.
        FAILING,
        /// The branch's commit must not be put in place.
        REFUSED
    }
}
