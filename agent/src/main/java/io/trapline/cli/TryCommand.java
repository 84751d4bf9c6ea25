package io.trapline.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.Home;
import io.trapline.TryOut;
import io.trapline.collector.TryRun;
import io.trapline.collector.TryRun.Tried;
import io.trapline.model.Entry;
import io.trapline.model.PlainDuration;
import io.trapline.model.PlainNumber;
import io.trapline.model.Point;
import io.trapline.web.TryJson;
import java.io.PrintWriter;
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
        name = "try",
        description =
                "Runs each collector once and shows what would be stored; stores nothing. Exit code"
                        + " 1 if any failed.")
final class TryCommand implements Callable<Integer> {
    @Mixin private HomeOption home;
    @Spec private CommandSpec spec;

    @Parameters(
            paramLabel = "TARGET",
            description =
                    "An input's name, a folder or file below python.d or below the home, or any path.")
    private String target;

    @Option(
            names = "--class",
            paramLabel = "NAME",
            description = "Only this class, or module.Class; repeatable.")
    private List<String> classes = new ArrayList<>();

    @Option(names = "--json", description = "Prints one JSON object on one line.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Home folder = home.home();
        TryRun.Result result;
        try {
            result =
                    TryOut.run(
                            folder,
                            HomeOption.program(),
                            target,
                            name -> classes.isEmpty() || classes.contains(name),
                            spec.commandLine().getErr()::println);
        } catch (TryOut.NotFoundException e) {
            throw new CommandFailure(Cli.USAGE, e.getMessage());
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new ObjectMapper().writeValueAsString(TryJson.of(result)));
        } else {
            print(result, out);
        }
        return result.good() ? Cli.OK : Cli.FAILED;
    }

    private static void print(TryRun.Result result, PrintWriter out) {
        for (Tried tried : result.collectors()) {
            out.println(
                    "%s (%s, every %s s): %s in %s, %d %s"
                            .formatted(
                                    tried.name(),
                                    tried.file(),
                                    PlainNumber.of(tried.interval()),
                                    tried.outcome().word(),
                                    PlainDuration.millis(tried.durationMs()),
                                    tried.entries().size(),
                                    tried.entries().size() == 1 ? "point" : "points"));
            for (Entry entry : tried.entries()) {
                if (entry instanceof Point point) {
                    out.println("  " + TryJson.line(point));
                }
            }
            tried.warnings().forEach(warning -> out.println("  warning: " + warning));
            tried.refused().forEach(refusal -> out.println("  refused: " + refusal));
            tried.lines().forEach(line -> out.println("  | " + line));
            if (!tried.error().isEmpty()) {
                out.println(tried.error().strip().indent(2).stripTrailing());
            }
            out.println();
        }
        result.problems().forEach(problem -> out.println("problem: " + problem.strip() + "\n"));
        if (!result.failure().isEmpty()) {
            out.println("failed: " + result.failure());
        }
    }
}
