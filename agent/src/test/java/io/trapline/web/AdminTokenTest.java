package io.trapline.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdminTokenTest {
    @TempDir Path data;
    private Path file;

    @BeforeEach
    void name() {
        file = data.resolve("admin.token");
    }

    @Test
    void a_file_that_lost_its_content_gets_a_new_token() throws Exception {
        Files.writeString(file, "\n");

        AdminToken token = AdminToken.loadOrCreate(data);

        String text = AdminToken.read(file);
        assertThat(text).hasSize(43);
        assertThat(token.admits(Optional.of("Bearer " + text))).isTrue();
        assertThat(token.admits(Optional.of("Bearer "))).isFalse();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void a_file_that_is_no_text_is_named_with_the_way_out() throws Exception {
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0});

        assertThatThrownBy(() -> AdminToken.loadOrCreate(data))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("delete it and restart the agent");
    }

    @Test
    void the_scheme_is_known_in_any_letter_case() throws Exception {
        AdminToken token = AdminToken.loadOrCreate(data);
        String text = AdminToken.read(file);

        assertThat(token.admits(Optional.of("bearer " + text))).isTrue();
        assertThat(token.admits(Optional.of("BEARER " + text))).isTrue();
        assertThat(token.admits(Optional.of("Basic " + text))).isFalse();
        assertThat(token.admits(Optional.of(text))).isFalse();
    }

    @Test
    void a_wrong_token_is_told_apart_from_none() {
        assertThat(AdminToken.refusal(Optional.empty())).startsWith("this needs `Authorization");
        assertThat(AdminToken.refusal(Optional.of("Bearer x")))
                .startsWith("the token in the Authorization header is not this agent's");
        assertThat(AdminToken.refusal(Optional.of("Basic eDp5"))).contains("another form");
    }
}
