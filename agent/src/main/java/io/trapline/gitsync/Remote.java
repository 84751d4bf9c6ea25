package io.trapline.gitsync;

import io.trapline.gitsync.GitSettings.Repository;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.TransportCommand;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.internal.storage.file.FileRepository;
import org.eclipse.jgit.lib.EmptyProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.StoredConfig;
import org.eclipse.jgit.transport.CredentialsProvider;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.SshTransport;
import org.eclipse.jgit.transport.TagOpt;
import org.eclipse.jgit.transport.URIish;

/// A repository on a server: asks for the branch's commit and fetches it, without its history.
///
/// Secrets go into the connection and nowhere else: JGit is given an address without them, so none
/// of its messages can hold one, and no other program is started.
final class Remote implements AutoCloseable {
    private static final String TIP = "refs/trapline/tip";

    private final Repository settings;
    private final Path objects;
    private final URIish address;
    private final Optional<CredentialsProvider> credentials;
    private final Optional<SshAccess> ssh;
    private final int seconds;
    private volatile boolean cancelled;

    /// @param objects the bare repository to fetch into; made when it is missing
    /// @param silence how long the server may be silent
    Remote(Repository settings, Path objects, SshFiles files, Duration silence) throws IOException {
        NoForeignConfig.install();
        this.settings = settings;
        this.objects = objects;
        this.seconds = Math.toIntExact(Math.max(1, silence.toSeconds()));
        URIish written;
        try {
            written = new URIish(settings.url());
        } catch (URISyntaxException e) {
            // The exception's own text holds the address, with its password.
            throw new IOException(
                    "the address "
                            + GitAddress.withoutPassword(settings.url())
                            + " cannot be used; write "
                            + GitAddress.ACCEPTED);
        }
        if (GitAddress.isSsh(settings.url())) {
            address =
                    written.setPass(null)
                            .setUser(Optional.ofNullable(written.getUser()).orElse("git"));
            credentials = Optional.empty();
            ssh = Optional.of(new SshAccess(settings, files));
        } else {
            address = written.setUser(null).setPass(null);
            credentials =
                    Optional.ofNullable(written.getUser())
                            .map(user ->
                                    new OneServer(
                                            address,
                                            user,
                                            Optional.ofNullable(written.getPass()).orElse("")));
            ssh = Optional.empty();
        }
    }

    /// The branch's commit on the server.
    ///
    /// @throws IOException also when the server has no such branch
    ObjectId tip() throws IOException {
        String source = source();
        String branch = "refs/heads/" + settings.branch();
        try (FileRepository local = open();
                Git git = new Git(local)) {
            for (Ref ref : prepared(git.lsRemote().setHeads(true).setRemote(source)).call()) {
                ObjectId commit = ref.getObjectId();
                if (ref.getName().equals(branch) && commit != null) {
                    return commit;
                }
            }
        } catch (GitAPIException | RuntimeException e) {
            throw failure("asking", e);
        }
        throw new IOException(
                "the server has no branch \"%s\"; set `branch`, or make the branch"
                        .formatted(settings.branch()));
    }

    /// Brings the branch's commit into the local repository.
    ObjectId fetch() throws IOException {
        String source = source();
        try (FileRepository local = open();
                Git git = new Git(local)) {
            var _ =
                    prepared(git.fetch())
                            .setRemote(source)
                            .setRefSpecs(
                                    new RefSpec("+refs/heads/" + settings.branch() + ":" + TIP))
                            .setDepth(1)
                            .setTagOpt(TagOpt.NO_TAGS)
                            .setProgressMonitor(new Cancelling())
                            .call();
            ObjectId tip = local.resolve(TIP);
            if (tip == null) {
                throw new IOException("the fetch brought no commit of branch " + settings.branch());
            }
            return tip;
        } catch (GitAPIException | RuntimeException e) {
            throw failure("fetching from", e);
        }
    }

    /// Where to read from. What lies on this host is read with the agent's own rights, and no
    /// server stands in between: the folder that was looked at is the one that is read.
    private String source() throws IOException {
        Optional<Path> folder = GitAddress.local(settings.url());
        return folder.isPresent()
                ? LocalRepository.check(folder.get()).toString()
                : address.toPrivateString();
    }

    /// The local repository, with what this repository's settings say.
    FileRepository open() throws IOException {
        File folder = objects.toFile();
        FileRepository repository = new FileRepository(folder);
        if (!Files.exists(objects.resolve("HEAD"))) {
            Layout.delete(objects);
            repository.create(true);
        }
        StoredConfig config = repository.getConfig();
        if (config.getBoolean("http", "sslVerify", true) != settings.verify()) {
            config.setBoolean("http", null, "sslVerify", settings.verify());
            config.save();
        }
        return repository;
    }

    private <C extends TransportCommand<C, ?>> C prepared(C command) {
        credentials.ifPresent(command::setCredentialsProvider);
        return command.setTimeout(seconds)
                .setTransportConfigCallback(transport -> {
                    if (transport instanceof SshTransport over) {
                        ssh.ifPresent(access -> over.setSshSessionFactory(access.sessions()));
                    }
                });
    }

    private IOException failure(String verb, Exception e) {
        StringBuilder text = new StringBuilder();
        for (Throwable t = e; t != null; t = t.getCause()) {
            String message = t.getMessage() == null ? t.getClass().getSimpleName() : t.getMessage();
            if (text.indexOf(message) < 0) {
                text.append(text.isEmpty() ? "" : ": ").append(message);
            }
        }
        String advice = ssh.flatMap(SshAccess::advice).map(line -> "; " + line).orElse("");
        return new IOException(
                verb
                        + " "
                        + GitAddress.withoutPassword(settings.url())
                        + " failed: "
                        + Export.oneLine(mask(text.toString()))
                        + advice);
    }

    /// A second line of defence, should a server repeat what it was sent.
    private String mask(String text) {
        String masked = text;
        try {
            String password = new URIish(settings.url()).getPass();
            for (String secret :
                    List.of(password == null ? "" : password, settings.privateKeyPassword())) {
                masked = secret.isEmpty() ? masked : masked.replace(secret, "…");
            }
        } catch (URISyntaxException _) {
            return "";
        }
        return masked;
    }

    /// Ends what runs at the next step it makes; a silent server is left by its timeout.
    void cancel() {
        cancelled = true;
        ssh.ifPresent(SshAccess::close);
    }

    @Override
    public void close() {
        ssh.ifPresent(SshAccess::close);
    }

    private final class Cancelling extends EmptyProgressMonitor {
        @Override
        public boolean isCancelled() {
            return cancelled;
        }
    }
}
