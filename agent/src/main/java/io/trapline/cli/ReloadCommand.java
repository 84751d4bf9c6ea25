package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.Home;
import io.trapline.cli.AgentClient.Answer;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "reload",
        description =
                "Has the running agent read its configuration and scripts again; returns when they are"
                        + " in force, or with all mistakes and exit code 2 when the old ones stay.")
final class ReloadCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int REFUSED = 422;

    @Mixin private HomeOption home;
    @Mixin private JsonOption json;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        Home folder = home.home();
        AgentClient agent = AgentClient.running(folder, "start one with `trapline run`");
        Answer answer = agent.send("POST", "/api/reload", "", AgentClient.token(folder));
        if (answer.status() != 200 && answer.status() != REFUSED) {
            throw answer.refusal();
        }
        JsonNode told = JSON.readTree(answer.body());
        boolean refused = answer.status() == REFUSED;
        PrintWriter out = spec.commandLine().getOut();
        if (json.isWanted()) {
            JsonOption.print(told, out);
        } else {
            told.path(refused ? "problems" : "warnings")
                    .forEach(line -> out.println(line.asText().strip()));
            out.println(
                    refused
                            ? "refused: " + told.path("error").asText()
                            : "configuration "
                                    + told.path("config_generation").asText()
                                    + " is in force");
        }
        out.flush();
        return refused ? Cli.USAGE : Cli.OK;
    }
}
