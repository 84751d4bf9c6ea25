package io.trapline.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdentityTest {
    private static final Instant NOW = Instant.parse("2030-11-21T00:00:00Z");

    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource({
        "rsa,     rsa,       2",
        "rsa,     rsa-pkcs1, 2",
        "ec,      ec,        2",
        "ec,      ec-sec1,   2",
        "ed25519, ed25519,   2",
        "self,    self,      1"
    })
    void keys_of_every_form_belong_to_their_certificate(String certificate, String key, int length)
            throws TlsException {
        Identity identity = Identity.load(TlsFixture.pair(folder, certificate, key));
        assertThat(identity.chain()).hasSize(length);
        assertThat(identity.warning(folder, NOW)).isEmpty();
        assertThat(identity.fingerprint()).matches("[0-9a-f]{64}");
    }

    @ParameterizedTest
    @CsvSource({
        "ec,          rsa,       true,  pair.key is not the key of the certificate in ",
        "ec,          other,     true,  (CN=ec)",
        "upside-down, ec,        false, the key belongs to certificate 2 in it; put that one first",
        "ec,          encrypted, true,  pair.key is protected by a passphrase; take it off"
    })
    void a_pair_that_does_not_fit_is_refused_with_the_reason(
            String certificate, String key, boolean ofKey, String expected) {
        assertThatThrownBy(() -> Identity.load(TlsFixture.pair(folder, certificate, key)))
                .isInstanceOfSatisfying(
                        TlsException.class, e -> assertThat(e.isOfKey()).isEqualTo(ofKey))
                .hasMessageContaining(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "pair.pem, '',                            pair.pem holds no certificate; accepted: PEM",
        "pair.pem, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', pair.pem: certificate 1 in it cannot be read",
        "pair.key, 'secret',                      pair.key holds no private key; accepted: PEM",
        "pair.key, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', pair.key: the private key in it cannot be read: it is no RSA",
        "pair.key, '-----BEGIN EC PRIVATE KEY-----\nMA==\n-----END EC PRIVATE KEY-----', it is cut off",
        "pair.key, '-----BEGIN EC PRIVATE KEY-----\nMAMCAQE=\n-----END EC PRIVATE KEY-----', it does not name its curve",
        "pair.key, '-----BEGIN DSA PRIVATE KEY-----\nMAMCAQE=\n-----END DSA PRIVATE KEY-----', its kind is not supported"
    })
    void a_file_that_holds_something_else_is_named(String file, String content, String expected)
            throws IOException {
        TlsFiles files = TlsFixture.pair(folder, "ec", "ec");
        Files.writeString(folder.resolve(file), content);
        assertThatThrownBy(() -> Identity.load(files))
                .isInstanceOf(TlsException.class)
                .hasMessageContaining(expected);
    }

    @Test
    void a_missing_file_is_named() throws IOException {
        TlsFiles files = TlsFixture.pair(folder, "ec", "ec");
        Files.delete(files.key());
        assertThatThrownBy(() -> Identity.load(files))
                .isInstanceOf(TlsException.class)
                .hasMessage(files.key() + ": there is no such file");
    }

    @Test
    void dates_that_clients_will_not_accept_are_a_warning() throws TlsException {
        Identity expired = Identity.load(TlsFixture.pair(folder, "expired", "expired"));
        assertThat(expired.warning(Path.of("c.pem"), NOW))
                .contains("c.pem: the certificate has expired, on 2020-01-31T00:00:00Z");
        assertThat(expired.warning(Path.of("c.pem"), Instant.parse("2020-01-20T00:00:00Z")))
                .contains("c.pem: the certificate expires soon, on 2020-01-31T00:00:00Z");
        assertThat(expired.warning(Path.of("c.pem"), Instant.parse("2019-01-20T00:00:00Z")))
                .contains("c.pem: the certificate is not valid before 2020-01-01T00:00:00Z");
    }
}
