package io.trapline;

import io.trapline.collector.Collectors;
import io.trapline.collector.InputStatus;
import io.trapline.gitsync.GitSync;
import io.trapline.health.PartStatus;
import io.trapline.reload.Watcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What opens last, one after the other, while each may ask for one that is not there yet: requests
/// come in as soon as the listener is open, they reload, and a reload needs all of them.
///
/// [Agent] sets each once.
final class LateParts {
    private volatile @Nullable AgentListener listener;
    private volatile @Nullable Collectors collectors;
    private volatile @Nullable GitSync gitSync;
    private volatile @Nullable Watcher watcher;

    void opened(AgentListener part) {
        listener = part;
    }

    void opened(Collectors part) {
        collectors = part;
    }

    void opened(GitSync part) {
        gitSync = part;
    }

    void opened(Watcher part) {
        watcher = part;
    }

    AgentListener listener() {
        return there(listener);
    }

    Collectors collectors() {
        return there(collectors);
    }

    Optional<Collectors> collectorsIfOpen() {
        return Optional.ofNullable(collectors);
    }

    Optional<GitSync> gitSync() {
        return Optional.ofNullable(gitSync);
    }

    Optional<Watcher> watcher() {
        return Optional.ofNullable(watcher);
    }

    /// How their threads are doing.
    List<PartStatus> parts() {
        List<PartStatus> all = new ArrayList<>();
        collectorsIfOpen().map(Collectors::part).ifPresent(all::add);
        gitSync().map(GitSync::parts).ifPresent(all::addAll);
        watcher().flatMap(Watcher::part).ifPresent(all::add);
        return all;
    }

    List<InputStatus> inputs() {
        return collectorsIfOpen().map(Collectors::status).orElse(List.of());
    }

    private static <T> T there(@Nullable T part) {
        return Objects.requireNonNull(part, "set by the constructor");
    }
}
