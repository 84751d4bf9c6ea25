package io.trapline.net;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/// A certificate chain, its own certificate first, with the key that belongs to it.
record Identity(PrivateKey key, List<X509Certificate> chain) {
    private static final Duration SOON = Duration.ofDays(14);

    Identity {
        chain = List.copyOf(chain);
    }

    /// Reads both files and sees that they belong together.
    static Identity load(TlsFiles files) throws TlsException {
        return of(files, Pem.bytes(files.certificate(), false), Pem.bytes(files.key(), true));
    }

    static Identity of(TlsFiles files, byte[] certificate, byte[] key) throws TlsException {
        List<X509Certificate> chain = Pem.certificates(files.certificate(), certificate);
        PrivateKey secret = Pem.key(files.key(), key);
        for (int i = 0; i < chain.size(); i++) {
            if (belongTogether(secret, chain.get(i).getPublicKey())) {
                if (i == 0) {
                    return new Identity(secret, chain);
                }
                throw new TlsException(
                        false,
                        files.certificate()
                                + ": the key belongs to certificate "
                                + (i + 1)
                                + " in it; put that one first, then the ones that issued it",
                        null);
            }
        }
        throw new TlsException(
                true,
                files.key()
                        + " is not the key of the certificate in "
                        + files.certificate()
                        + " ("
                        + chain.getFirst().getSubjectX500Principal().getName()
                        + ")",
                null);
    }

    private static boolean belongTogether(PrivateKey key, PublicKey of) {
        String algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> key.getAlgorithm();
                };
        try {
            byte[] text = {1, 2, 3};
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(text);
            byte[] signature = signer.sign();
            signer.initVerify(of);
            signer.update(text);
            return signer.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /// What will keep clients from trusting it, by its dates.
    Optional<String> warning(Path file, Instant now) {
        X509Certificate own = chain.getFirst();
        Instant from = own.getNotBefore().toInstant();
        Instant to = own.getNotAfter().toInstant();
        if (now.isAfter(to)) {
            return Optional.of(file + ": the certificate has expired, on " + to);
        }
        if (now.isBefore(from)) {
            return Optional.of(file + ": the certificate is not valid before " + from);
        }
        return now.plus(SOON).isAfter(to)
                ? Optional.of(file + ": the certificate expires soon, on " + to)
                : Optional.empty();
    }

    /// SHA-256 of the own certificate, in hexadecimal.
    String fingerprint() {
        return fingerprint(chain.getFirst());
    }

    static String fingerprint(X509Certificate certificate) {
        try {
            return HexFormat.of()
                    .formatHex(
                            MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (NoSuchAlgorithmException | CertificateEncodingException e) {
            throw new IllegalStateException("every JDK can do this", e);
        }
    }

    X509Certificate[] chainArray() {
        return chain.toArray(X509Certificate[]::new);
    }

    boolean isSame(Identity other) {
        return chain.equals(other.chain) && Arrays.equals(key.getEncoded(), other.key.getEncoded());
    }

    /// Without the key.
    @Override
    public String toString() {
        return "Identity[" + chain.getFirst().getSubjectX500Principal() + "]";
    }
}
