package io.trapline.net;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/// Whom a client of ours believes.
public final class Trust {
    private Trust() {}

    /// Servers whose certificate is in that PEM file, or was issued by one in it, and is for the
    /// server's name.
    ///
    /// @throws TlsException when it cannot be read
    public static SSLContext authorities(Path file) throws TlsException {
        List<X509Certificate> certificates = Pem.certificates(file, Pem.bytes(file, false));
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (int i = 0; i < certificates.size(); i++) {
                store.setCertificateEntry(Integer.toString(i), certificates.get(i));
            }
            TrustManagerFactory factory =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            return context(factory.getTrustManagers());
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("every JDK has a trust store in memory", e);
        }
    }

    /// The one server that has this certificate, whatever its name.
    ///
    /// @param fingerprint SHA-256 in hexadecimal, as [ServerTls#fingerprint] gives it
    public static SSLContext exactly(String fingerprint) {
        return context(new TrustManager[] {new Pinned(fingerprint)});
    }

    /// Anybody: for `verify = false`. The host's name is not checked either.
    public static SSLContext everybody() {
        return context(new TrustManager[] {new Pinned("")});
    }

    private static SSLContext context(TrustManager[] managers) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers, new SecureRandom());
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
    }

    /// Being an extended one, it takes the host name check away as well.
    private static final class Pinned extends X509ExtendedTrustManager {
        private final String fingerprint;

        /// @param fingerprint empty = any
        Pinned(String fingerprint) {
            this.fingerprint = fingerprint;
        }

        private void check(X509Certificate[] chain) throws CertificateException {
            if (!fingerprint.isEmpty() && !Identity.fingerprint(chain[0]).equals(fingerprint)) {
                throw new CertificateException("this is not the certificate that was expected");
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
            throw new IllegalStateException("no client is ever checked here");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
            throw new IllegalStateException("no client is ever checked here");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            throw new IllegalStateException("no client is ever checked here");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
