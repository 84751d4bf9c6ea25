package io.trapline.gitsync;

import java.util.List;

/// A commit that must not be put in place. The reasons name the files.
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Commit commit;
    private final transient List<String> reasons;

    RefusedException(Commit commit, List<String> reasons) {
        super(String.join("; ", reasons));
        this.commit = commit;
        this.reasons = List.copyOf(reasons);
    }

    Commit commit() {
        return commit;
    }

    List<String> reasons() {
        return reasons;
    }
}
