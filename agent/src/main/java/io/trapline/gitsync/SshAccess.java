package io.trapline.gitsync;

import io.trapline.gitsync.GitSettings.Repository;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.List;
import java.util.Optional;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.eclipse.jgit.internal.transport.sshd.OpenSshServerKeyDatabase;
import org.eclipse.jgit.transport.CredentialsProvider;
import org.eclipse.jgit.transport.SshSessionFactory;
import org.eclipse.jgit.transport.URIish;
import org.eclipse.jgit.transport.sshd.KeyPasswordProvider;
import org.eclipse.jgit.transport.sshd.ServerKeyDatabase;
import org.eclipse.jgit.transport.sshd.SshdSessionFactory;
import org.eclipse.jgit.transport.sshd.SshdSessionFactoryBuilder;
import org.jspecify.annotations.Nullable;

/// SSH with the one key of the repository: no agent, no password, nothing of `~/.ssh` but
/// `known_hosts`. A server that it does not list, or lists with another key, is refused.
final class SshAccess implements AutoCloseable {
    private final Path key;
    private final SshdSessionFactory sessions;
    private final Path knownHosts;
    private volatile String objection = "";

    SshAccess(Repository settings, SshFiles files) {
        key = files.home().resolve(settings.privateKey());
        knownHosts = files.knownHosts();
        String passphrase = settings.privateKeyPassword();
        sessions =
                new SshdSessionFactoryBuilder()
                        .setHomeDirectory(files.home().toFile())
                        .setSshDirectory(files.home().toFile())
                        .setPreferredAuthentications("publickey")
                        .setConfigStoreFactory((_, _, _) -> null)
                        .setConnectorFactory(null)
                        .setDefaultIdentities(_ -> List.of(key))
                        .setKeyPasswordProvider(_ -> new OnePassphrase(passphrase.toCharArray()))
                        .setServerKeyDatabase((_, _) -> new KnownServers(settings.verify()))
                        .build(null);
    }

    SshSessionFactory sessions() {
        return sessions;
    }

    /// What to do about a failure, where that is known.
    Optional<String> advice() {
        if (!Files.isReadable(key) || Files.isDirectory(key)) {
            return Optional.of(
                    "ssh_private_key_path = \"" + key + "\" is no file that can be read");
        }
        return Optional.of(objection).filter(text -> !text.isEmpty());
    }

    @Override
    public void close() {
        sessions.close();
    }

    private final class KnownServers implements ServerKeyDatabase {
        private final boolean verify;
        private final ServerKeyDatabase file =
                new OpenSshServerKeyDatabase(false, List.of(knownHosts));

        KnownServers(boolean verify) {
            this.verify = verify;
        }

        @Override
        public List<PublicKey> lookup(
                String address, InetSocketAddress remote, Configuration configuration) {
            return file.lookup(address, remote, new Strict(configuration, knownHosts));
        }

        @Override
        public boolean accept(
                String address,
                InetSocketAddress remote,
                PublicKey serverKey,
                Configuration configuration,
                @Nullable CredentialsProvider nobody) {
            boolean known =
                    !verify
                            || file.accept(
                                    address,
                                    remote,
                                    serverKey,
                                    new Strict(configuration, knownHosts),
                                    null);
            if (!known) {
                objection = strange(address, remote, serverKey, configuration);
            }
            return known;
        }

        private String strange(
                String address,
                InetSocketAddress remote,
                PublicKey key,
                Configuration configuration) {
            String what =
                    "the server's key is "
                            + KeyUtils.getKeyType(key)
                            + " "
                            + KeyUtils.getFingerPrint(key)
                            + ", and "
                            + knownHosts;
            return lookup(address, remote, configuration).isEmpty()
                    ? what
                            + " has no key of it: compare the fingerprint with what its operator"
                            + " says, then add the key with `ssh-keyscan -p "
                            + remote.getPort()
                            + " "
                            + remote.getHostString()
                            + " >> "
                            + knownHosts
                            + "`"
                    : what
                            + " has another one of it: someone may stand between, or the server has"
                            + " a new key; ask its operator before you replace the line there";
        }
    }

    /// Asks nobody and writes nothing.
    private record Strict(ServerKeyDatabase.Configuration configuration, Path file)
            implements ServerKeyDatabase.Configuration {
        @Override
        public List<String> getUserKnownHostsFiles() {
            return List.of(file.toString());
        }

        @Override
        public List<String> getGlobalKnownHostsFiles() {
            return List.of();
        }

        @Override
        public StrictHostKeyChecking getStrictHostKeyChecking() {
            return StrictHostKeyChecking.REQUIRE_MATCH;
        }

        @Override
        public boolean getHashKnownHosts() {
            return false;
        }

        @Override
        public String getUsername() {
            return configuration.getUsername();
        }
    }

    private final class OnePassphrase implements KeyPasswordProvider {
        private final char[] passphrase;

        OnePassphrase(char[] passphrase) {
            this.passphrase = passphrase;
        }

        @Override
        public char[] getPassphrase(URIish of, int attempt) {
            if (passphrase.length == 0) {
                objection = "the key " + key + " needs a passphrase: set ssh_private_key_password";
            }
            return passphrase.clone();
        }

        @Override
        public void setAttempts(int attempts) {
            // One passphrase, one attempt.
        }

        @Override
        public int getAttempts() {
            return 1;
        }

        @Override
        public boolean keyLoaded(URIish of, int attempt, @Nullable Exception error) {
            if (error != null) {
                objection = "the key " + key + " cannot be opened with ssh_private_key_password";
            }
            return false;
        }
    }
}
