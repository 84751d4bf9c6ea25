package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.Home;
import io.trapline.Settings;
import io.trapline.cli.AgentClient.Answer;
import io.trapline.config.ProblemReport;
import io.trapline.gitsync.GitSettings;
import io.trapline.gitsync.GitSync;
import io.trapline.gitsync.SyncEvent;
import io.trapline.web.GitView;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `trapline git status|sync|log`. Status and log work without a running agent, from what is on
/// disk.
@Command(
        name = "git",
        description = "Shows and syncs the repositories that collectors come from, below gitrepos.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = CommandLine.HelpCommand.class)
final class GitCommand {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SHORT = 10;

    @Spec private CommandSpec spec;

    @Mixin
    @SuppressWarnings("UnusedVariable") // HomeOption finds it by its name
    private HomeOption above;

    @Command(
            name = "status",
            description =
                    "Shows each repository's commit, and why a newer one is not in place; exit"
                            + " code 1 when one is not in step with its server.")
    int status(
            @Mixin HomeOption home,
            @Option(names = "--json", description = "Prints a JSON array on one line.")
                    boolean json)
            throws IOException, CommandFailure {
        Home folder = home.home();
        Optional<AgentClient> agent = AgentClient.of(folder);
        JsonNode repositories;
        if (agent.isPresent()) {
            repositories = ok(agent.get().get("/api/status")).path("git");
        } else {
            repositories =
                    JSON.valueToTree(
                            GitView.of(GitSync.onDisk(folder.gitrepos(), settings(folder))));
            for (JsonNode one : repositories) {
                // Nothing is starting: nobody asks the servers.
                ((com.fasterxml.jackson.databind.node.ObjectNode) one)
                        .put("state", "no agent runs");
            }
        }
        return show(repositories, json);
    }

    @Command(
            name = "sync",
            description =
                    "Asks the servers now and puts new commits in place; exit code 1 when one is"
                            + " not in step afterwards.")
    int sync(
            @Mixin HomeOption home,
            @Parameters(
                            arity = "0..1",
                            paramLabel = "REPO",
                            description = "One repository's name (default: all).")
                    @Nullable String repository,
            @Option(names = "--json", description = "Prints a JSON array on one line.")
                    boolean json)
            throws IOException, CommandFailure {
        Home folder = home.home();
        AgentClient agent =
                AgentClient.running(folder, "start one with `trapline run`: it syncs at once");
        String query =
                repository == null
                        ? ""
                        : "?repo=" + URLEncoder.encode(repository, StandardCharsets.UTF_8);
        String token = AgentClient.token(folder);
        JsonNode answer = ok(agent.send("POST", "/api/git/sync" + query, "", token));
        int code = show(answer.path("git"), json);
        if (!answer.path("done").asBoolean()) {
            spec.commandLine().getErr().println("trapline: a server has not answered yet");
            return Cli.FAILED;
        }
        return code;
    }

    @Command(name = "log", description = "Shows what became of commits, the newest first.")
    int log(
            @Mixin HomeOption home,
            @Option(
                            names = {"-n", "--lines"},
                            defaultValue = "50",
                            description = "How many (default: ${DEFAULT-VALUE}).")
                    int lines,
            @Option(names = "--json", description = "Prints a JSON array on one line.")
                    boolean json)
            throws IOException, CommandFailure {
        Home folder = home.home();
        List<SyncEvent> events =
                GitSync.history(folder.gitrepos(), settings(folder)).stream().limit(lines).toList();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(
                    JSON.writeValueAsString(
                            events.stream()
                                    .map(event ->
                                            Map.of(
                                                    "time", event.time().toString(),
                                                    "repository", event.repository(),
                                                    "kind", event.kind(),
                                                    "commit", event.commit(),
                                                    "text", event.text()))
                                    .toList()));
            return Cli.OK;
        }
        if (events.isEmpty()) {
            out.println("nothing has become of a commit yet");
            return Cli.OK;
        }
        TextTable table =
                new TextTable("time", "repository", "what", "commit", "subject or reason");
        for (SyncEvent event : events) {
            table.row(
                    Times.seconds(event.time()),
                    event.repository(),
                    event.kind(),
                    shortened(event.commit()),
                    event.text());
        }
        table.print(out, Cli.terminal(spec));
        return Cli.OK;
    }

    private int show(JsonNode repositories, boolean json) {
        PrintWriter out = spec.commandLine().getOut();
        boolean good = true;
        TextTable table = new TextTable("repository", "branch", "state", "commit", "subject");
        for (JsonNode one : repositories) {
            good &= !List.of("failing", "refused").contains(one.path("state").asText());
            table.row(
                    one.path("name").asText(),
                    one.path("branch").asText(),
                    new TextTable.Shaded(one.path("state").asText(), one.path("state").asText()),
                    shortened(one.path("commit").path("id").asText()),
                    one.path("commit").path("subject").asText());
        }
        if (json) {
            out.println(repositories);
            return good ? Cli.OK : Cli.FAILED;
        }
        if (repositories.isEmpty()) {
            out.println(
                    "this home has no repositories; [[git_repos.repo]] in conf.d/trapline.conf names"
                            + " one");
            return Cli.OK;
        }
        table.print(out, Cli.terminal(spec));
        for (JsonNode one : repositories) {
            String name = one.path("name").asText();
            line(name, one.path("error").asText());
            String refused = shortened(one.path("refused").path("id").asText());
            one.path("reasons")
                    .forEach(reason ->
                            line(name, "commit " + refused + " is refused: " + reason.asText()));
            one.path("notes").forEach(note -> line(name, note.asText()));
        }
        return good ? Cli.OK : Cli.FAILED;
    }

    /// One line for `trapline status`.
    static String line(JsonNode repository) {
        String commit = repository.path("commit").path("id").asText();
        String error = repository.path("error").asText();
        String reason = repository.path("reasons").path(0).asText();
        String why = !error.isEmpty() ? ": " + error : reason.isEmpty() ? "" : ": " + reason;
        return TextTable.plain(
                "git: %s, %s, %s%s"
                        .formatted(
                                repository.path("name").asText(),
                                repository.path("state").asText(),
                                commit.isEmpty()
                                        ? "nothing in place yet"
                                        : "commit " + shortened(commit) + " in place",
                                why));
    }

    private void line(String name, String text) {
        if (!text.isEmpty()) {
            spec.commandLine().getOut().println(TextTable.plain(name + ": " + text));
        }
    }

    private static String shortened(String commit) {
        return commit.substring(0, Math.min(SHORT, commit.length()));
    }

    private static JsonNode ok(Answer answer) throws IOException, CommandFailure {
        if (answer.status() != 200) {
            throw new CommandFailure(
                    Cli.FAILED, "the agent answered " + answer.status() + ": " + answer.body());
        }
        return JSON.readTree(answer.body());
    }

    private static GitSettings settings(Home home) throws CommandFailure {
        return switch (Settings.load(home.root(), System.getenv())) {
            case Settings.Loaded.Usable(Settings settings, _) -> settings.git();
            case Settings.Loaded.Unusable(var problems) ->
                    throw new CommandFailure(
                            Cli.USAGE,
                            "the configuration cannot be used:\n"
                                    + String.join(
                                            "\n", ProblemReport.lines(home.root(), problems)));
        };
    }
}
