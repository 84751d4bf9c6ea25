package io.trapline.net;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A listener's TLS, which follows its files: a connection that is made gets the newest certificate
/// that was good, those that are there go on with theirs.
///
/// The two files are written one after the other by whoever renews them, so a change counts once
/// two looks in a row have found the same. A pair that is no good leaves the old one in force, and
/// says so in the log and under [#problem] until it is mended.
public final class ServerTls implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerTls.class);

    /// A client that resumes a session is not shown the certificate again; so long it may.
    private static final int SESSION_S = 300;

    /// Handshakes that have begun with an older certificate finish with it.
    private static final int KEPT = 8;

    private final String listener;
    private final Supplier<TlsFiles> files;
    private final InstantSource clock;
    private final Runnable changed;
    private final SSLContext context;
    private final Map<String, Identity> byAlias = new ConcurrentHashMap<>();
    private final ScheduledExecutorService timer;

    /// The lock of everything below is the object's own.
    private Seen seen;

    private boolean settled = true;
    private String problem = "";
    private String expiry = "";

    private volatile Current current;

    private record Current(int generation, Identity identity) {
        String alias() {
            return Integer.toString(generation);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // compared by isSame alone
    private record Seen(TlsFiles files, byte[] certificate, byte[] key) {
        static Seen of(TlsFiles files) throws TlsException {
            return new Seen(
                    files, Pem.bytes(files.certificate(), false), Pem.bytes(files.key(), true));
        }

        static Seen nothing(TlsFiles files) {
            return new Seen(files, new byte[0], new byte[0]);
        }

        boolean isSame(Seen other) {
            return files.equals(other.files)
                    && Arrays.equals(certificate, other.certificate)
                    && Arrays.equals(key, other.key);
        }
    }

    /// @param listener how messages call it
    /// @param files asked at each look, so that a reload may name others
    /// @param every time between two looks
    /// @param changed called when another certificate has come into force
    /// @throws TlsException when the files are no good now
    public static ServerTls open(
            String listener,
            Supplier<TlsFiles> files,
            InstantSource clock,
            Duration every,
            Runnable changed)
            throws TlsException {
        ServerTls tls = new ServerTls(listener, files, clock, changed);
        var _ =
                tls.timer.scheduleWithFixedDelay(
                        tls::look, every.toMillis(), every.toMillis(), TimeUnit.MILLISECONDS);
        return tls;
    }

    private ServerTls(
            String listener, Supplier<TlsFiles> files, InstantSource clock, Runnable changed)
            throws TlsException {
        this.listener = listener;
        this.files = files;
        this.clock = clock;
        this.changed = changed;
        TlsFiles first = files.get();
        seen = Seen.of(first);
        Identity identity = Identity.of(first, seen.certificate, seen.key);
        current = new Current(0, identity);
        byAlias.put(current.alias(), identity);
        expiry = identity.warning(first.certificate(), clock.instant()).orElse("");
        if (!expiry.isEmpty()) {
            LOG.warn("{}: {}", listener, expiry);
        }
        try {
            context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {new Keys()}, new TrustManager[0], null);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
        context.getServerSessionContext().setSessionTimeout(SESSION_S);
        timer =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("tls-files").factory());
    }

    /// The same for as long as this is.
    public SSLContext context() {
        return context;
    }

    /// SHA-256 of the certificate in force, in hexadecimal.
    public String fingerprint() {
        return current.identity().fingerprint();
    }

    /// What is wrong with the files now, or with the certificate's dates.
    public synchronized Optional<String> problem() {
        String text = problem.isEmpty() ? expiry : problem;
        return text.isEmpty() ? Optional.empty() : Optional.of(listener + ": " + text);
    }

    /// Takes what the files hold now, without waiting for a second look.
    public void lookNow() {
        look(true);
    }

    /// One of the regular looks.
    void look() {
        try {
            look(false);
        } catch (Throwable e) { // else there would be no next look
            LOG.error(
                    "{}: looking at the TLS files failed, the next look tries again", listener, e);
        }
    }

    private void look(boolean atOnce) {
        if (take(atOnce)) {
            changed.run();
        }
    }

    private synchronized boolean take(boolean atOnce) {
        TlsFiles now = files.get();
        Seen found;
        @Nullable TlsException unreadable = null;
        try {
            found = Seen.of(now);
        } catch (TlsException e) {
            found = Seen.nothing(now);
            unreadable = e;
        }
        boolean same = found.isSame(seen);
        seen = found;
        boolean fresh = false;
        if (!same && !atOnce) {
            settled = false;
        } else if (!same || !settled) {
            settled = true;
            fresh = use(found, unreadable);
        }
        noteExpiry(now);
        return fresh;
    }

    private boolean use(Seen found, @Nullable TlsException unreadable) {
        try {
            if (unreadable != null) {
                throw unreadable;
            }
            Identity fresh = Identity.of(found.files, found.certificate, found.key);
            problem = "";
            if (fresh.isSame(current.identity())) {
                return false;
            }
            Current next = new Current(current.generation() + 1, fresh);
            byAlias.put(next.alias(), fresh);
            byAlias.remove(Integer.toString(next.generation() - KEPT));
            current = next;
            forgetSessions();
            LOG.info(
                    "{}: the certificate of {} is in force for new connections (SHA-256 {})",
                    listener,
                    found.files.certificate(),
                    fresh.fingerprint());
            return true;
        } catch (TlsException e) {
            problem = e.getMessage() + "; the certificate from before stays in force";
            LOG.error("{}: {}", listener, problem);
            return false;
        }
    }

    private void forgetSessions() {
        SSLSessionContext sessions = context.getServerSessionContext();
        for (byte[] id : Collections.list(sessions.getIds())) {
            var session = sessions.getSession(id);
            if (session != null) {
                session.invalidate();
            }
        }
    }

    private void noteExpiry(TlsFiles now) {
        String text = current.identity().warning(now.certificate(), clock.instant()).orElse("");
        if (!text.equals(expiry)) {
            expiry = text;
            if (!text.isEmpty()) {
                LOG.warn("{}: {}", listener, text);
            }
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    /// An alias is the number of an identity, so that a handshake gets both halves of one.
    private final class Keys extends X509ExtendedKeyManager {
        private @Nullable String choose(String keyType) {
            Current its = current;
            return keyType.equals(its.identity().key().getAlgorithm()) ? its.alias() : null;
        }

        @Override
        public @Nullable String chooseEngineServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return choose(keyType);
        }

        @Override
        public @Nullable String chooseServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return choose(keyType);
        }

        @Override
        public String @Nullable [] getServerAliases(
                String keyType, Principal @Nullable [] issuers) {
            String alias = choose(keyType);
            return alias == null ? null : new String[] {alias};
        }

        @Override
        public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
            Identity its = alias == null ? null : byAlias.get(alias);
            return its == null ? null : its.chainArray();
        }

        @Override
        public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
            Identity its = alias == null ? null : byAlias.get(alias);
            return its == null ? null : its.key();
        }

        @Override
        public String @Nullable [] getClientAliases(
                String keyType, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseClientAlias(
                String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }
    }
}
