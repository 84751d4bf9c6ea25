package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.faults.Load;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `trapline verify`, as people run it: beside an agent under load, after a kill, on a stopped
/// home, and on one in which something is wrong.
class VerifyIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path folder;

    @Test
    void it_says_by_its_exit_code_whether_all_is_where_it_should_be() throws Exception {
        Path home = RunningAgent.home(folder.resolve("home"));
        Path file = home.resolve("conf.d/trapline.conf");
        Files.writeString(file, Files.readString(file) + Load.configuration());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        try (Load load = new Load()) {
            RunningAgent agent = RunningAgent.start(home);
            load.begin(agent.address(), agent.coreAddress());
            RunningAgent.Ended beside = RunningAgent.run(home, "verify", "--json", "--since", "1h");
            assertThat(beside.exitCode()).as(beside.out() + beside.err()).isZero();
            JsonNode report = JSON.readTree(beside.out());
            assertThat(report.path("agrees").asBoolean()).isTrue();
            assertThat(report.path("since").asText()).endsWith(":00:00Z");
            agent.kill();
            load.end();
        }

        RunningAgent.Ended stopped = RunningAgent.run(home, "verify");
        assertThat(stopped.exitCode()).as(stopped.out() + stopped.err()).isZero();
        assertThat(stopped.out())
                .contains("DOOR", "ACCEPTED", "IN JOURNAL", "STORED")
                .contains("store, rows", "samples of push", "All sums agree.");

        try (Connection store =
                        DriverManager.getConnection(
                                "jdbc:duckdb:" + home.resolve("data/store.duckdb"));
                Statement statement = store.createStatement()) {
            statement.execute(
                    "DELETE FROM trapline.samples WHERE rowid ="
                            + " (SELECT max(rowid) FROM trapline.samples)");
        }
        RunningAgent.Ended wrong = RunningAgent.run(home, "verify");
        assertThat(wrong.exitCode()).isEqualTo(1);
        assertThat(wrong.out())
                .contains("differs", "wrong: the store should have", "1 are missing")
                .contains("1 sums do not agree.");

        RunningAgent.Ended misused = RunningAgent.run(home, "verify", "--since", "yesterday");
        assertThat(misused.exitCode()).isEqualTo(2);
        assertThat(misused.err()).contains("--since yesterday is no time");
    }
}
