package io.trapline.gitsync;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Addresses of repositories: `http(s)://…`, `git@host:path`, `ssh://…`, `git://…`, and a folder of
/// this host, `file:///path` or `/path`.
final class GitAddress {
    static final String ACCEPTED =
            "\"https://host/path.git\", \"git@host:path.git\", \"ssh://git@host:port/path.git\","
                    + " \"git://host/path.git\" or, on this host, \"/path/of/repository\" or \"file:///path/of/repository\"";

    private static final Pattern HTTP = Pattern.compile("https?://[^/\\s]+/\\S+");
    private static final Pattern DAEMON = Pattern.compile("git://[^/@\\s]+/\\S+");
    private static final Pattern SSH =
            Pattern.compile("ssh://[^/\\s]+/\\S+|[\\w.-]+@[\\w.-]+:\\S+");

    private static final Pattern LOCAL = Pattern.compile("(?:file://)?(/[^\\x00]*)");

    /// Its own name below `gitrepos`, never a way out of it.
    private static final Pattern DIRECTORY = Pattern.compile("(?!\\.)[\\w.+~-]+");

    private GitAddress() {}

    static boolean isKnown(String url) {
        return (HTTP.matcher(url).matches()
                        || isSsh(url)
                        || isUnprotected(url)
                        || local(url).isPresent())
                && DIRECTORY.matcher(directory(url)).matches();
    }

    static boolean isSsh(String url) {
        return SSH.matcher(url).matches();
    }

    /// A `git daemon`, which proves nothing about itself and encrypts nothing.
    static boolean isUnprotected(String url) {
        return DAEMON.matcher(url).matches();
    }

    /// The folder of this host that it names; empty for an address of another kind.
    static Optional<Path> local(String url) {
        Matcher address = LOCAL.matcher(url);
        return address.matches() ? Optional.of(Path.of(address.group(1))) : Optional.empty();
    }

    static String directory(String url) {
        String path =
                local(url)
                        .map(folder -> folder.normalize().toString().replaceFirst("/[.]git$", ""))
                        .orElseGet(() -> url.replaceFirst("[?#].*", "").replaceFirst("/+$", ""));
        String last = path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf(':')) + 1);
        int dot = last.lastIndexOf('.');
        return dot > 0 ? last.substring(0, dot) : last;
    }

    /// Without user, password and what follows a `?`, where some servers take a token. Greedy: a
    /// password may hold an unescaped `@` or `/`.
    static String withoutPassword(String url) {
        return url.replaceFirst("://\\S*@", "://…@")
                .replaceFirst("^[^/:@\\s]+:(?!//)\\S*@", "…@")
                .replaceFirst("[?].*", "?…");
    }
}
