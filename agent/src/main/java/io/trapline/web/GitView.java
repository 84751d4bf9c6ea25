package io.trapline.web;

import io.trapline.gitsync.Commit;
import io.trapline.gitsync.RepositoryStatus;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The member `git` of `GET /api/status`: one object a repository, every one with the same members.
public final class GitView {
    private GitView() {}

    public static List<Map<String, Object>> of(List<RepositoryStatus> repositories) {
        return repositories.stream().map(GitView::repository).toList();
    }

    private static Map<String, Object> repository(RepositoryStatus status) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("name", status.name());
        all.put("url", status.url());
        all.put("branch", status.branch());
        all.put("state", status.state().name().toLowerCase(Locale.ROOT));
        put(all, "commit", status.applied().map(GitView::commit));
        put(all, "checked_at", status.checkedAt().map(Instant::toString));
        all.put("error", status.error());
        put(all, "refused", status.refused().map(GitView::commit));
        all.put("reasons", status.reasons());
        all.put("notes", status.notes());
        return all;
    }

    private static Map<String, Object> commit(Commit commit) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("id", commit.id());
        all.put("subject", commit.subject());
        all.put("time", commit.time().toString());
        return all;
    }

    @SuppressWarnings("NullAway") // JSON has a null where a member has no value
    private static void put(Map<String, Object> all, String key, Optional<?> value) {
        @Nullable Object present = value.orElse(null);
        all.put(key, present);
    }
}
