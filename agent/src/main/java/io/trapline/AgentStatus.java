package io.trapline;

import io.trapline.collector.Collectors;
import io.trapline.gitsync.GitSync;
import io.trapline.journal.Journal;
import io.trapline.store.Store;
import io.trapline.telemetry.Version;
import io.trapline.web.ConfigStatus;
import io.trapline.web.GitView;
import io.trapline.web.StatusView;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What `GET /api/status` says, gathered from all parts.
///
/// @param started when the agent did
record AgentStatus(
        InForce inForce,
        Certificates certificates,
        Journal journal,
        Optional<Store> store,
        Optional<Core> core,
        LateParts late,
        Instant started,
        InstantSource clock) {
    /// A file that changes for longer than that is named.
    private static final Duration RESTLESS = Duration.ofSeconds(10);

    Map<String, Object> all() {
        Map<String, Object> all =
                StatusView.of(
                        Version.TEXT,
                        inForce.settings().role().name(),
                        Duration.between(started, clock.instant()),
                        inForce.status().generation(),
                        problems(),
                        journal.status(),
                        store.map(Store::status),
                        core.map(Core::address),
                        late.inputs(),
                        ledger());
        all.put("git", GitView.of(late.gitSync().map(GitSync::status).orElse(List.of())));
        return all;
    }

    /// What became of the last reading of the configuration, and what is wrong with the files that
    /// it names.
    ConfigStatus config() {
        ConfigStatus read = inForce.status();
        return new ConfigStatus(
                read.generation(), problems(), read.errors(), read.refused(), read.readAt());
    }

    private List<String> problems() {
        List<String> all = new ArrayList<>(inForce.status().problems());
        // What the last reading of the configuration said of a certificate is not said twice.
        certificates.problems().stream()
                .filter(problem -> {
                    String text = problem.substring(problem.indexOf(": ") + 2);
                    return inForce.status().problems().stream()
                            .noneMatch(line -> line.contains(text));
                })
                .forEach(all::add);
        late.watcher().stream()
                .flatMap(watching -> watching.restlessFor(RESTLESS).stream())
                .sorted()
                .forEach(file ->
                        all.add(
                                file
                                        + " keeps changing: it is not picked up before it rests; a"
                                        + " reload by hand takes it as it is"));
        return all;
    }

    private Collectors.LedgerStatus ledger() {
        return late.collectorsIfOpen()
                .map(Collectors::ledger)
                .orElse(new Collectors.LedgerStatus(0, 0));
    }
}
