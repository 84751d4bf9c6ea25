package io.trapline.cli;

import io.trapline.Home;
import io.trapline.HomeLock;
import io.trapline.OfflineStore;
import io.trapline.cli.AgentClient.Answer;
import io.trapline.store.QueryException;
import io.trapline.store.QueryResult;
import io.trapline.store.ResultFormat;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "query",
        description =
                "Runs one read-only SQL statement on the store; - reads it from standard input.")
final class QueryCommand implements Callable<Integer> {
    @Mixin private HomeOption home;

    @Parameters(paramLabel = "SQL", description = "For example: select * from metrics limit 5")
    private String sql;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "table (default), csv or json.")
    private @Nullable String format;

    @Option(names = "--json", description = "The same as --format json.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        String word = Objects.requireNonNullElse(format, json ? "json" : "table");
        if (json && !word.equals("json")) {
            throw new CommandFailure(
                    Cli.USAGE, "--json and --format " + word + " do not go together; choose one");
        }
        ResultFormat shape =
                ResultFormat.ofWord(word)
                        .orElseThrow(() ->
                                new CommandFailure(
                                        Cli.USAGE,
                                        "--format "
                                                + word
                                                + " is not known; choose table, csv or"
                                                + " json"));
        String statement =
                sql.equals("-")
                        ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                        : sql;
        Home folder = home.home();
        Optional<AgentClient> agent = AgentClient.of(folder);
        QueryResult result =
                agent.isPresent() ? ask(agent.get(), statement) : offline(folder, statement);
        shape.write(result, System.out);
        if (shape == ResultFormat.JSON) {
            System.out.println();
        }
        return Cli.OK;
    }

    private static QueryResult ask(AgentClient agent, String statement)
            throws IOException, CommandFailure {
        Answer answer = agent.post("/api/query", statement);
        if (answer.status() == 200) {
            return QueryResult.fromJson(
                    new ByteArrayInputStream(answer.body().getBytes(StandardCharsets.UTF_8)));
        }
        throw answer.refusal();
    }

    private static QueryResult offline(Home folder, String statement) throws Exception {
        try {
            return OfflineStore.query(folder, HomeOption.program(), statement);
        } catch (QueryException | HomeLock.HeldException e) {
            throw new CommandFailure(Cli.FAILED, e.getMessage());
        }
    }
}
