package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.Home;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "collectors",
        mixinStandardHelpOptions = true,
        description = "Tells the running agent's collectors what to do; status shows them.",
        footer = {
            "",
            "  trapline collectors run INPUT [CLASS]      a run now, beside the schedule",
            "  trapline collectors pause INPUT [CLASS]    no more runs until resume, also after a"
                    + " restart",
            "  trapline collectors resume INPUT [CLASS]   goes on with the next tick"
        })
final class CollectorsCommand implements Callable<Integer> {
    /// What may be told.
    enum Action {
        run,
        pause,
        resume
    }

    @Spec private CommandSpec spec;
    @Mixin private HomeOption home;

    @Option(names = "--json", description = "Prints JSON.")
    private boolean json;

    @Parameters(index = "0", paramLabel = "ACTION")
    private Action action;

    @Parameters(index = "1", paramLabel = "INPUT")
    private String input;

    @Parameters(index = "2..*", paramLabel = "CLASS", description = "None: all of the input.")
    private List<String> classes = new ArrayList<>();

    @Override
    public Integer call() throws CommandFailure, IOException {
        Home root = home.home();
        AgentClient agent = AgentClient.running(root, "start one with trapline run");
        String token = AgentClient.token(root);
        for (String one : classes.isEmpty() ? List.of("") : classes) {
            String path =
                    "/api/collectors/"
                            + AgentClient.segment(input)
                            + (one.isEmpty() ? "" : "/" + AgentClient.segment(one))
                            + "/"
                            + action;
            JsonNode body = agent.send("POST", path, "", token).json();
            String word =
                    switch (action) {
                        case run -> "started";
                        case pause -> "paused";
                        case resume -> "resumed";
                    };
            List<String> names = new ArrayList<>();
            body.path("collectors").forEach(name -> names.add(name.asText()));
            spec.commandLine()
                    .getOut()
                    .println(
                            json
                                    ? body.toString()
                                    : word + " " + input + ": " + String.join(", ", names));
        }
        spec.commandLine().getOut().flush();
        return Cli.OK;
    }
}
