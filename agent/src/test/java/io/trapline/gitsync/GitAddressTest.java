package io.trapline.gitsync;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GitAddressTest {
    /// Rows G001 to G007 of the contract, and what must never become a path.
    @ParameterizedTest
    @CsvSource({
        "https://h.example/x/y.git,                true,  false, y",
        "git@h.example:p/y.git,                    true,  true,  y",
        "ssh://git@h.example:9000/p/y.git,         true,  true,  y",
        "http://h.example/p/y,                     true,  false, y",
        "http://h.example/p/y/,                    true,  false, y",
        "https://h.example/p/y.z.git,              true,  false, y.z",
        "https://user:p%40w@h.example/p/y.git,     true,  false, y",
        "git://h.example:9418/p/y.git,             true,  false, y",
        "git://u:p@h.example/p/y.git,              false, false, y",
        "file:///srv/y.git,                        true,  false, y",
        "/srv/y.git,                               true,  false, y",
        "/srv/y/,                                  true,  false, y",
        "/srv/y/.git,                              true,  false, y",
        "/srv/with blank/y,                        true,  false, y",
        "/srv/../../y,                             true,  false, y",
        "file://host/srv/y.git,                    false, false, y",
        "srv/y.git,                                false, false, y",
        "/,                                        false, false, ''",
        "/srv/.hidden,                             false, false, .hidden",
        "https://h.example,                        false, false, h",
        "https://h.example/..,                     false, false, .",
        "https://h.example/p/.git,                 false, false, .git",
        "git@h.example:..,                         false, true,  .",
    })
    void an_address_names_its_directory(String url, boolean known, boolean ssh, String directory) {
        assertThat(GitAddress.isKnown(url)).isEqualTo(known);
        assertThat(GitAddress.isSsh(url)).isEqualTo(ssh);
        assertThat(GitAddress.directory(url)).isEqualTo(directory);
    }

    @ParameterizedTest
    @CsvSource({
        "https://ann:s3cret@h.example/y.git,     https://…@h.example/y.git",
        "https://s3cret@h.example/y.git?t=s3cret, https://…@h.example/y.git?…",
        "ann:s3cret@h.example/y.git,             …@h.example/y.git",
        "file:///not/there,                      file:///not/there",
        "git@h.example:p/y.git,                  git@h.example:p/y.git",
    })
    void an_address_is_shown_without_its_credentials(String url, String shown) {
        assertThat(GitAddress.withoutPassword(url)).isEqualTo(shown);
    }
}
