package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.Home;
import io.trapline.HomeLock;
import io.trapline.net.ListenSettings;
import io.trapline.registry.PushRegistration;
import io.trapline.registry.Registry;
import io.trapline.web.AdminToken;
import io.trapline.web.Listener;
import io.trapline.web.RegistryApi;
import io.trapline.web.RegistryCalls;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryCommandsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ID = "a9856a6a-3b46-e18b-d890-acafaa955348";

    @TempDir Path folder;

    record Ran(int code, String out, String err) {
        JsonNode json() {
            try {
                return JSON.readTree(out);
            } catch (java.io.IOException e) {
                throw new AssertionError(out + err, e);
            }
        }
    }

    Ran run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--home");
        all.add(folder.toString());
        int code =
                Cli.commandLine()
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true))
                        .execute(all.toArray(String[]::new));
        return new Ran(code, out.toString(), err.toString());
    }

    /// Everything twice: on the database itself, and over a running agent.
    abstract class Everywhere {

        @Test
        void a_push_registration_is_added_listed_shown_switched_rotated_and_removed() {
            Ran added = run("push", "add", "--name", "mail", "--rate", "5");
            assertThat(added.code()).as(added.err()).isZero();
            assertThat(added.out())
                    .containsPattern("data_id: 1500000\naccess_token: [0-9a-f]{32}\n")
                    .containsPattern(
                            """
                            curl -X POST http://127.0.0.1:10205/v2/push/ -d @- <<'END'
                            \\{"data_id":1500000,.*
                            END
                            """);
            assertThat(run("push", "list").out())
                    .contains("DATA_ID")
                    .contains("1500000  time_series  mail  yes")
                    .doesNotContain("access_token");
            String token =
                    run("push", "show", "1500000", "--secrets", "--json")
                            .json()
                            .path("access_token")
                            .asText();
            assertThat(added.out()).contains(token);
            assertThat(run("push", "show", "1500000").out()).doesNotContain(token);
            assertThat(run("push", "disable", "1500000").out()).isEqualTo("disabled 1500000\n");
            assertThat(run("push", "list", "--json").json().at("/push/0/enabled").asBoolean())
                    .isFalse();
            assertThat(run("push", "enable", "1500000").out()).isEqualTo("enabled 1500000\n");
            assertThat(run("push", "rotate-token", "1500000").out())
                    .contains("access_token: ")
                    .doesNotContain(token);
            assertThat(run("push", "metrics", "1500000").out()).startsWith("NAME  KIND  TYPE");
            assertThat(run("push", "metrics", "1500000", "--json").json().path("metrics"))
                    .isEmpty();
            assertThat(run("push", "metrics", "7").code()).isEqualTo(1);
            assertThat(run("push", "remove", "1500000").out()).isEqualTo("removed 1500000\n");
            assertThat(run("push", "list", "--json").json().path("push")).isEmpty();
        }

        @Test
        void a_check_is_added_with_its_submission_url_and_its_metrics_are_chosen()
                throws Exception {
            Path secret = Files.writeString(folder.resolve("secret"), "mys3cr3t\n");
            Ran added =
                    run(
                            "trap",
                            "add",
                            "--id",
                            ID,
                            "--secret-file",
                            secret.toString(),
                            "--name",
                            "web01 app",
                            "--period",
                            "30s",
                            "--sync",
                            "--filter",
                            "deny:^tmp",
                            "--filter",
                            "allow:stream_tags=and(env:prod)",
                            "--filter",
                            "allow:metric_list=cpu,mem|ST[a:b,c:d]");
            assertThat(added.code()).as(added.err()).isZero();
            assertThat(added.out())
                    .contains(
                            "Data Submission URL: http://127.0.0.1:10205/module/httptrap/"
                                    + ID
                                    + "/mys3cr3t\n");
            assertThat(run("trap", "list").out())
                    .contains("web01 app")
                    .contains("30s")
                    .contains("sync")
                    .doesNotContain("mys3cr3t");
            JsonNode shown = run("trap", "show", ID, "--json").json();
            assertThat(shown.toString()).doesNotContain("mys3cr3t");
            assertThat(shown.path("filters").toString())
                    .isEqualTo(
                            "[{\"type\":\"deny\",\"metric\":\"^tmp\"},{\"type\":\"allow\","
                                    + "\"stream_tags\":\"and(env:prod)\"},{\"type\":\"allow\","
                                    + "\"metric_list\":[\"cpu\",\"mem|ST[a:b,c:d]\"]}]");
            assertThat(run("trap", "show", ID, "--secrets").out())
                    .contains("Data Submission URL: http://127.0.0.1:10205/module/httptrap/")
                    .contains("mys3cr3t");
            JsonNode chosen =
                    run("trap", "metrics", ID, "--select", "disk", "--deselect", "cpu", "--json")
                            .json();
            assertThat(chosen.path("filters")).hasSize(5);
            assertThat(chosen.at("/filters/0/metric_list/0").asText()).isEqualTo("cpu");
            assertThat(run("trap", "metrics", ID, "--only", "cpu").out())
                    .contains("\"metric_list\":[\"cpu\"]");
            assertThat(run("trap", "metrics", ID, "--all").out())
                    .startsWith("filters: none, everything is stored\nNAME");
            assertThat(run("trap", "remove", ID).out()).isEqualTo("removed " + ID + "\n");
            assertThat(run("trap", "show", ID).code()).isEqualTo(1);
        }

        @Test
        void a_check_is_switched_and_gets_a_new_secret() {
            String added = run("trap", "add", "--id", ID).out();
            String url = url(added);
            assertThat(added)
                    .contains("curl -X PUT -d '{\"temperature\":21.5}' -K - <<'END'\nurl = \"");
            assertThat(run("trap", "disable", ID).out()).isEqualTo("disabled " + ID + "\n");
            assertThat(run("trap", "list").out()).containsPattern("ENABLED(?s).* no +no ");
            assertThat(run("trap", "show", ID, "--json").json().path("enabled").asBoolean(true))
                    .isFalse();
            assertThat(run("trap", "enable", ID).out()).isEqualTo("enabled " + ID + "\n");
            Ran rotated = run("trap", "rotate-secret", ID);
            assertThat(rotated.code()).as(rotated.err()).isZero();
            assertThat(url(rotated.out()))
                    .isNotEqualTo(url)
                    .contains("/module/httptrap/" + ID + "/");
            assertThat(run("trap", "show", ID, "--secrets").out())
                    .contains(url(rotated.out()))
                    .doesNotContain(url);
            assertThat(run("trap", "rotate-secret", "7").code()).isEqualTo(1);
        }

        private static String url(String text) {
            return text.lines()
                    .filter(line -> line.startsWith("Data Submission URL: "))
                    .findFirst()
                    .orElseThrow();
        }

        @Test
        void json_is_one_line_wherever_it_is_asked_for() {
            run("push", "add", "--data-id", "7");
            for (Ran ran :
                    List.of(
                            run("push", "list", "--json"),
                            run("push", "--json", "list"),
                            run("push", "show", "7", "--json"),
                            run("trap", "list", "--json"))) {
                assertThat(ran.out())
                        .endsWith("}\n")
                        .containsOnlyOnce("\n")
                        .doesNotContain("\" : ");
            }
        }

        @Test
        void a_limit_is_shown_with_its_unit_and_what_is_empty_as_a_dash() {
            run("push", "add", "--data-id", "7");
            run("push", "add", "--data-id", "8", "--rate", "0");
            assertThat(run("push", "list").out())
                    .contains("1000/min")
                    .contains("no limit")
                    .contains("never");
            assertThat(run("push", "show", "7").out()).contains("label: -\n");
        }

        @Test
        void filters_come_from_a_file_too() throws Exception {
            Path toml =
                    Files.writeString(
                            folder.resolve("filters.toml"),
                            "filters = [ { type = \"skipto:end\", metric = \"^cpu\" },"
                                    + " { type = \"deny\" }, { id = \"end\", type = \"allow\" } ]\n");
            Path json =
                    Files.writeString(
                            folder.resolve("filters.json"),
                            "[{\"type\":\"allow\",\"metric_auto_add\":3}]");
            assertThat(
                            run("trap", "add", "--filters", toml.toString(), "--json")
                                    .json()
                                    .at("/filters/0/type")
                                    .asText())
                    .isEqualTo("skipto:end");
            assertThat(
                            run("trap", "add", "--filters", json.toString(), "--json")
                                    .json()
                                    .at("/filters/0/metric_auto_add")
                                    .asInt())
                    .isEqualTo(3);
        }

        @Test
        void what_is_wrong_ends_with_2_and_what_fails_with_1() {
            assertThat(run("push", "add", "--type", "log").code()).isEqualTo(2);
            Ran both = run("trap", "add", "--period", "1h", "--tagset", "x");
            assertThat(both.code()).isEqualTo(2);
            assertThat(both.err()).contains("period: ").contains("tagset: ");
            assertThat(run("trap", "add", "--filter", "maybe:x").code()).isEqualTo(2);
            Ran query = run("trap", "add", "--filter", "allow:stream_tags=env:prod");
            assertThat(query.code()).isEqualTo(2);
            assertThat(query.err()).contains("filters[0].stream_tags: no tag query");
            Ran pattern = run("trap", "add", "--filter", "deny:(");
            assertThat(pattern.code()).isEqualTo(2);
            assertThat(pattern.err()).contains("filters[0].metric: not a regular expression");
            assertThat(run("trap", "add", "--filters", "/nowhere.json").code()).isEqualTo(2);
            assertThat(run("push", "show").code()).isEqualTo(2);
            assertThat(run("push", "add", "--data-id", "x").code()).isEqualTo(2);
            assertThat(run("push", "show", "7").code()).isEqualTo(1);
            assertThat(run("trap", "remove", ID).code()).isEqualTo(1);
            assertThat(run("push", "add", "--data-id", "7").code()).isZero();
            Ran again = run("push", "add", "--data-id", "7");
            assertThat(again.code()).isEqualTo(1);
            assertThat(again.err()).contains("data_id 7 is taken");
        }
    }

    @Nested
    class OnTheDatabase extends Everywhere {

        @Test
        void what_the_configuration_declares_is_shown_and_changed_only_there() throws Exception {
            Path conf = Files.createDirectories(folder.resolve("conf.d"));
            Files.writeString(
                    conf.resolve("trapline.conf"),
                    """
                    [core]
                    listen = "127.0.0.1:10299"

                    [[push]]
                    data_id = 1500101
                    access_token = "declared_s3cr3t"
                    type = "event"

                    [[trap]]
                    id = "a9856a6a-3b46-e18b-d890-acafaa955348"
                    secret = "declared_s3cr3t"
                    name = "web01 app"
                    """);
            Ran list = run("push", "list");
            assertThat(list.out()).contains("1500101").contains("conf.d/trapline.conf:4");
            Ran removed = run("push", "remove", "1500101");
            assertThat(removed.code()).isEqualTo(1);
            assertThat(removed.err()).contains("edit conf.d/trapline.conf line 4");
            assertThat(run("trap", "list").out()).contains("conf.d/trapline.conf:9");
            assertThat(run("trap", "show", ID, "--secrets").out())
                    .contains("http://127.0.0.1:10299/module/httptrap/" + ID + "/declared_s3cr3t");
        }

        @Test
        void a_configuration_that_cannot_be_read_ends_with_2() throws Exception {
            Path conf = Files.createDirectories(folder.resolve("conf.d"));
            Files.writeString(conf.resolve("trapline.conf"), "[[push]]\ndata_id = \"x\"\n");
            Ran list = run("push", "list");
            assertThat(list.code()).isEqualTo(2);
            assertThat(list.err()).contains("conf.d/trapline.conf:2");
        }

        @Test
        void the_lock_is_free_again_afterwards() throws Exception {
            run("push", "add");
            HomeLock.acquire(new Home(folder)).close();
        }
    }

    @Nested
    class OverARunningAgent extends Everywhere {
        private HomeLock lock;
        private Registry registry;
        private Listener listener;

        @BeforeEach
        void start(@TempDir Path elsewhere) throws Exception {
            Home home = new Home(folder).create();
            lock = HomeLock.acquire(home);
            // Not the home's database: so that only the agent can have changed it.
            registry =
                    Registry.open(
                            elsewhere.resolve("trapline.db"),
                            InstantSource.system(),
                            Duration.ZERO);
            RegistryApi api =
                    new RegistryApi(
                            new RegistryCalls(registry, () -> "http://127.0.0.1:10205"),
                            AdminToken.loadOrCreate(home.data()));
            listener =
                    Listener.open(
                            ListenSettings.plain("127.0.0.1", 0),
                            Optional.empty(),
                            _ -> {},
                            routing -> routing.register(api));
            lock.publish(listener.address(), "");
        }

        @AfterEach
        void stop() throws Exception {
            listener.close();
            registry.close();
            lock.close();
        }

        @Test
        void a_change_is_in_force_in_the_agent_at_once() {
            run("push", "add", "--data-id", "7", "--type", "event");
            assertThat(registry.push(7).map(PushRegistration::enabled)).contains(true);
            run("push", "disable", "7");
            assertThat(registry.push(7).map(PushRegistration::enabled)).contains(false);
        }

        @Test
        void without_the_admin_token_lists_work_and_changes_say_what_is_missing() throws Exception {
            Files.delete(folder.resolve("data/admin.token"));
            assertThat(run("push", "list").code()).isZero();
            Ran added = run("push", "add");
            assertThat(added.code()).isEqualTo(1);
            assertThat(added.err()).contains("admin.token");
        }
    }
}
