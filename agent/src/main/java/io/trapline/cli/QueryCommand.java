package io.trapline.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.util.Optional;
import java.util.concurrent.Callable;
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
            defaultValue = "table",
            description = "table (default), csv or json.")
    private String format;

    @Override
    public Integer call() throws Exception {
        ResultFormat shape =
                ResultFormat.ofWord(format)
                        .orElseThrow(() ->
                                new CommandFailure(
                                        Cli.USAGE,
                                        "--format "
                                                + format
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
        return Cli.OK;
    }

    private static QueryResult ask(AgentClient agent, String statement)
            throws IOException, CommandFailure {
        Answer answer = agent.post("/api/query", statement);
        if (answer.status() == 200) {
            return QueryResult.fromJson(
                    new ByteArrayInputStream(answer.body().getBytes(StandardCharsets.UTF_8)));
        }
        throw new CommandFailure(
                Cli.FAILED, new ObjectMapper().readTree(answer.body()).path("error").asText());
    }

    private static QueryResult offline(Home folder, String statement) throws Exception {
        try {
            return OfflineStore.query(folder, statement);
        } catch (QueryException | HomeLock.HeldException e) {
            throw new CommandFailure(Cli.FAILED, e.getMessage());
        }
    }
}
