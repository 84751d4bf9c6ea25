package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.files.Stat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each file of a home but the journal and the store, which have tests of their own, damaged in
/// each way at a time: the agent starts, what was acknowledged is there, it takes and keeps more,
/// and what was lost is named.
class DamagedHomeIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir static Path folder;

    private static Path used;

    enum Damage {
        CUT {
            @Override
            void to(Path file) throws IOException {
                byte[] bytes = Files.readAllBytes(file);
                Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
            }
        },
        EMPTY {
            @Override
            void to(Path file) throws IOException {
                Files.write(file, new byte[0]);
            }
        },
        GARBAGE {
            @Override
            void to(Path file) throws IOException {
                byte[] bytes = new byte[(int) Files.size(file) + 100];
                new Random(17).nextBytes(bytes);
                Files.write(file, bytes);
            }
        },
        FOLDER {
            @Override
            void to(Path file) throws IOException {
                Files.delete(file);
                Files.createDirectory(file);
                Files.writeString(file.resolve("inside"), "x");
            }
        },
        UNREADABLE {
            @Override
            void to(Path file) throws IOException {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
            }
        },
        GONE {
            @Override
            void to(Path file) throws IOException {
                Files.delete(file);
            }
        };

        abstract void to(Path file) throws IOException;

        /// The files whose content is missed.
        List<String> named() {
            return switch (this) {
                // Of the outputs' database all is in its log; half a token is one.
                case CUT -> List.of("global-tags.toml", "periods.state");
                case EMPTY, GARBAGE, FOLDER ->
                        List.of("admin.token", "forward.db", "global-tags.toml", "periods.state");
                case UNREADABLE ->
                        Stat.isRoot()
                                ? List.of()
                                : List.of("admin.token", "forward.db", "global-tags.toml");
                case GONE -> List.of("forward.db");
            };
        }
    }

    @BeforeAll
    static void use() throws Exception {
        used = RunningAgent.home(folder.resolve("used"));
        Path conf = used.resolve("conf.d/trapline.conf");
        Files.writeString(
                conf,
                Files.readString(conf)
                        + """
                        [[trap]]
                        id = "a9856a6a-3b46-e18b-d890-acafaa955348"
                        secret = "mys3cr3t"
                        name = "n"
                        target = "t"
                        period = "5s"
                        [[outputs.core]]
                        name = "up"
                        url = "http://127.0.0.1:9"
                        token = "t"
                        """);
        RunningAgent agent = RunningAgent.start(used);
        try {
            assertThat(agent.post("/v1/write/metric", "before f=1i").statusCode()).isEqualTo(200);
            assertThat(agent.post("/v1/global/host/tags?rack=7", "").statusCode()).isEqualTo(200);
            await().atMost(PATIENCE).until(() -> Files.exists(used.resolve("data/periods.state")));
        } finally {
            agent.kill();
        }
    }

    @ParameterizedTest
    @EnumSource
    void damage_costs_no_more_than_what_was_in_the_file(Damage damage) throws Exception {
        Path home = folder.resolve(damage.name());
        copy(used, home);
        List<Path> files = new ArrayList<>();
        for (String each : List.of("data", "logs")) {
            try (Stream<Path> all = Files.walk(home.resolve(each))) {
                files.addAll(
                        all.filter(Files::isRegularFile).filter(DamagedHomeIT::isMeant).toList());
            }
        }
        assertThat(files.stream().map(file -> file.getFileName().toString()))
                .contains(
                        "admin.token",
                        "agent.lock",
                        "forward.db",
                        "global-tags.toml",
                        "periods.state",
                        "trapline.db.lock",
                        "trapline.log");
        for (Path file : files) {
            damage.to(file);
        }
        if (damage == Damage.GONE || damage == Damage.GARBAGE) {
            // Else nothing is lost: all of it is in the log.
            Files.deleteIfExists(home.resolve("data/forward.db-wal"));
        }

        try (RunningAgent agent = RunningAgent.start(home)) {
            assertThat(agent.post("/v1/write/metric", "after f=1i").statusCode()).isEqualTo(200);
            await().atMost(PATIENCE)
                    .until(
                            () ->
                                    agent.count(
                                            "select count(*) from metrics where name in"
                                                    + " ('before.f', 'after.f')"),
                            count -> count == 2);
            String said = Files.readString(home.resolve("stderr.txt"));
            assertThat(damage.named())
                    .allMatch(said::contains, "named on standard error:\n" + said);
            if (damage == Damage.GARBAGE) {
                assertThat(agent.status().get("config_problems").toString()).contains("forward.db");
            }
        }
    }

    private static boolean isMeant(Path file) {
        String name = file.getFileName().toString();
        return !name.matches("trapline\\.db(-wal|-shm|\\.known)?|store\\.duckdb.*|forward\\.db-.*");
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.toList()) {
                Path target = to.resolve(from.relativize(each).toString());
                if (Files.isDirectory(each)) {
                    Files.createDirectories(target);
                } else if (Files.isRegularFile(each)) {
                    Files.copy(each, target, StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
        Files.deleteIfExists(to.resolve("stderr.txt"));
    }
}
