package io.trapline.gitsync;

import io.trapline.config.ConfTable;
import io.trapline.config.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// `[git_repos]`, with upstream's keys.
///
/// @param pullInterval between two cycles
/// @param timeout of one clone or pull
/// @param maxFile bytes; a commit with a larger file is refused
/// @param knownHosts path of the file with the servers' SSH keys, empty = the user's own
/// @param repositories in the file's order, also those that are switched off
public record GitSettings(
        Duration pullInterval,
        Duration timeout,
        long maxFile,
        String knownHosts,
        List<Repository> repositories) {
    public static final GitSettings DEFAULT =
            new GitSettings(
                    Duration.ofMinutes(1), Duration.ofSeconds(60), 16L << 20, "", List.of());

    public GitSettings {
        repositories = List.copyOf(repositories);
    }

    /// Those to keep in step with their remote.
    public List<Repository> enabled() {
        return repositories.stream().filter(Repository::enabled).toList();
    }

    /// @param url may hold a password: never shown by [#toString]
    /// @param privateKey path of the key for SSH, empty = none
    /// @param privateKeyPassword never shown either
    /// @param verify TLS certificates and host keys are checked
    public record Repository(
            boolean enabled,
            String url,
            String branch,
            String privateKey,
            String privateKeyPassword,
            boolean verify) {

        /// The directory below `gitrepos`: the address's last segment without its last extension.
        public String directory() {
            return GitAddress.directory(url);
        }

        @Override
        public String toString() {
            return "Repository[url=%s, branch=%s, enabled=%b]"
                    .formatted(GitAddress.withoutPassword(url), branch, enabled);
        }
    }

    /// Reads `[git_repos]` of either file; what is absent is as in `base`.
    public static GitSettings read(ConfTable git, GitSettings base) {
        Duration interval = pullInterval(git, base.pullInterval);
        Duration timeout =
                git.duration("timeout", Duration.ofSeconds(1), Duration.ofHours(1))
                        .orElse(base.timeout);
        long maxFile = git.size("max_file", 1, 1L << 30).orElse(base.maxFile);
        String knownHosts = git.text("known_hosts", "a path").orElse(base.knownHosts);
        List<Repository> repositories =
                git.has("repo") ? repositories(git.sections("repo")) : base.repositories;
        git.done();
        return new GitSettings(interval, timeout, maxFile, knownHosts, repositories);
    }

    /// As upstream, a bad value is one minute and no reason to stop.
    private static Duration pullInterval(ConfTable git, Duration base) {
        if (!git.isText("pull_interval")) {
            return git.duration("pull_interval", Duration.ofSeconds(1), Duration.ofDays(365))
                    .orElse(base);
        }
        String text = git.text("pull_interval", "a duration").orElse("");
        try {
            Duration interval = Durations.parse(text);
            if (interval.compareTo(Duration.ofSeconds(1)) >= 0) {
                return interval;
            }
        } catch (IllegalArgumentException _) {
            // said below
        }
        git.warn(
                "pull_interval",
                "not a duration from 1s, such as \"60s\" or \"1m30s\"; 1m is used");
        return DEFAULT.pullInterval;
    }

    private static List<Repository> repositories(List<ConfTable> blocks) {
        List<Repository> repositories = new ArrayList<>();
        Map<String, Integer> directories = new HashMap<>();
        for (ConfTable block : blocks) {
            Optional<Repository> read = repository(block);
            if (read.isEmpty()) {
                continue;
            }
            Repository repository = read.get();
            if (repository.enabled) {
                Integer first = directories.putIfAbsent(repository.directory(), block.line());
                if (first != null) {
                    block.error(
                            "url",
                            "would share the directory gitrepos/"
                                    + repository.directory()
                                    + " with the repository of line "
                                    + first);
                }
            }
            repositories.add(repository);
        }
        return repositories;
    }

    private static Optional<Repository> repository(ConfTable block) {
        int before = block.problems().errors();
        boolean enabled = block.flag("enable").orElse(false);
        String url =
                block.secretWithin("url", GitAddress.ACCEPTED, GitAddress::withoutPassword)
                        .orElse("")
                        .strip();
        String branch = block.text("branch", "a branch's name").orElse("");
        String key = block.text("ssh_private_key_path", "a path").orElse("");
        String password = block.secret("ssh_private_key_password", "text").orElse("");
        boolean verify = block.flag("verify").orElse(true);
        if (enabled && !url.isEmpty()) {
            if (!GitAddress.isKnown(url)) {
                block.error(
                        "url", "not an address to clone from; accepted: " + GitAddress.ACCEPTED);
            } else if (GitAddress.isUnprotected(url)) {
                block.warn(
                        "url",
                        "anyone on the way can change what git:// brings, and collectors run what it"
                                + " brings; https:// or ssh:// is better");
            } else if (GitAddress.isSsh(url) && key.isBlank()) {
                block.warn(
                        "ssh_private_key_path",
                        "an SSH address needs a key file; no pull will work");
            }
        }
        block.done();
        return block.problems().errors() == before
                ? Optional.of(
                        new Repository(
                                enabled && !url.isEmpty(),
                                url,
                                branch.isBlank() ? "master" : branch.strip(),
                                key,
                                password,
                                verify))
                : Optional.empty();
    }
}
