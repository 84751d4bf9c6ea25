package io.trapline.gitsync;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import org.eclipse.jgit.util.SystemReader;
import org.junit.jupiter.api.Test;

class NoForeignConfigTest {
    /// JGit notes in there what it measured about the file system.
    @Test
    void what_jgit_wants_to_keep_is_written_nowhere() throws Exception {
        NoForeignConfig.install();
        for (var config :
                java.util.List.of(
                        SystemReader.getInstance().getJGitConfig(),
                        SystemReader.getInstance().getUserConfig(),
                        SystemReader.getInstance().getSystemConfig())) {
            config.setString("http", null, "sslVerify", "false");
            config.save();
        }

        assertThat(SystemReader.getInstance().getUserConfig().getString("http", null, "sslVerify"))
                .isNull();
        assertThat(new File("no-such-config")).doesNotExist();
    }
}
