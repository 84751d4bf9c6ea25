package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.config.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Holds `docs/configuration.md` to what is read: each table is given a key that nobody knows, and
/// the answer lists those that are known.
class ConfigurationReferenceTest {
    private static final Path REFERENCE = Path.of("..", "docs", "configuration.md");
    private static final Pattern KNOWN =
            Pattern.compile("nearest known: (\\w+)(?: \\(known: (.*)\\))?$");

    @TempDir Path home;

    @Test
    void every_key_that_is_read_is_in_the_reference() throws IOException {
        Path conf = Files.createDirectories(home.resolve("conf.d"));
        Files.writeString(
                conf.resolve("trapline.conf"),
                """
                zzz = 1
                [http]
                zzz = 1
                [core]
                zzz = 1
                [web]
                zzz = 1
                [election]
                zzz = 1
                [io]
                zzz = 1
                [journal]
                zzz = 1
                [store]
                zzz = 1
                [logging]
                zzz = 1
                [reload]
                zzz = 1
                [[push]]
                zzz = 1
                [[trap]]
                zzz = 1
                filters = [ { zzz = 1 } ]
                [git_repos]
                zzz = 1
                [[git_repos.repo]]
                zzz = 1
                [outputs]
                zzz = 1
                [[outputs.core]]
                zzz = 1
                include = { zzz = 1 }
                [[outputs.push]]
                zzz = 1
                [[outputs.trap]]
                zzz = 1
                """);
        Files.writeString(
                conf.resolve("datakit.conf"), "[http_api]\nzzz = 1\n[logging]\nzzz = 1\n");
        Files.writeString(
                conf.resolve("pythond.conf"),
                "[[inputs.pythond]]\nzzz = 1\n[inputs.pythond.limits]\nzzz = 1\n");

        Set<String> known = new TreeSet<>();
        int tables = 0;
        for (Problem problem : Settings.load(home, Map.of()).problems()) {
            Matcher matcher = KNOWN.matcher(problem.message());
            if (matcher.find()) {
                tables++;
                known.add(matcher.group(1));
                if (matcher.group(2) != null) {
                    known.addAll(Set.of(matcher.group(2).split(", ")));
                }
            }
        }
        // DataKit's keys that are read and not used need no line each.
        known.removeAll(
                Set.of(
                        "close_idle_connection",
                        "request_rate_limit_ttl",
                        "rum_app_id_white_list",
                        "rum_origin_ip_header",
                        "gin_log",
                        "gin_err_log",
                        "disable_color"));

        assertThat(tables).isEqualTo(24);
        String reference = Files.readString(REFERENCE);
        assertThat(known).allSatisfy(key -> assertThat(reference).containsPattern(asCode(key)));
    }

    /// In backticks, alone or as `[section] key`; the six `…_auto_add` share one entry.
    private static Pattern asCode(String key) {
        String entry = key.endsWith("_auto_add") ? "_auto_add = N" : key;
        return Pattern.compile("`[^`\n]*(?<![a-z_])" + Pattern.quote(entry) + "(?![a-z_])[^`\n]*`");
    }
}
