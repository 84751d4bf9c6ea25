package io.trapline.cli;

import io.trapline.Home;
import io.trapline.HomeLock;
import io.trapline.OfflineStore;
import io.trapline.cli.AgentClient.Answer;
import io.trapline.store.QueryException;
import io.trapline.store.QueryResult;
import io.trapline.store.ResultFormat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "query",
        description = "Asks the store, by the running agent or, when there is none, directly.",
        footer = {
            "",
            "On a terminal, long texts are shortened so that a row fits, and where that is not enough there",
            "is one value a line, unless --format table is given. All of them, tracebacks with their lines,",
            " are shown by --format line, or by \\G at the end of the statement:",
            "",
            "  trapline query \"select * from runs where outcome <> 'ok' order by time desc limit 3 \\G\""
        })
final class QueryCommand implements Callable<Integer> {
    private static final String LINE_MODE = "\\G";

    /// What `--format` takes.
    private enum Format {
        table,
        line,
        csv,
        json
    }

    @Mixin private HomeOption home;
    @Spec private CommandSpec spec;

    @Parameters(
            paramLabel = "SQL",
            description =
                    "One reading statement in DuckDB's SQL, or - to read it from standard input.")
    private String sql;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description =
                    "table (default), line (one value a line), csv or json; csv and json have every"
                            + " cell whole.")
    private @Nullable String format;

    @Option(names = "--json", description = "The same as --format json.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Optional<Format> wanted = wanted();
        String statement =
                (sql.equals("-")
                                ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                                : sql)
                        .strip();
        boolean lines = statement.endsWith(LINE_MODE);
        if (lines) {
            statement = statement.substring(0, statement.length() - LINE_MODE.length());
        }
        Home folder = home.home();
        Optional<AgentClient> agent = AgentClient.of(folder);
        QueryResult result =
                agent.isPresent() ? ask(agent.get(), statement) : offline(folder, statement);
        print(result, wanted.orElse(lines ? Format.line : Format.table));
        return Cli.OK;
    }

    private Optional<Format> wanted() throws CommandFailure {
        if (json && format != null && !format.equals("json")) {
            throw new CommandFailure(
                    Cli.USAGE, "--json and --format " + format + " do not go together; choose one");
        }
        if (format == null) {
            return json ? Optional.of(Format.json) : Optional.empty();
        }
        for (Format each : Format.values()) {
            if (each.name().equals(format)) {
                return Optional.of(each);
            }
        }
        throw new CommandFailure(
                Cli.USAGE, "--format " + format + " is not known; choose table, line, csv or json");
    }

    private void print(QueryResult result, Format as) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        switch (as) {
            case table -> {
                TextTable table = TextTable.ruled(result.columns());
                for (List<@Nullable Object> row : result.rows()) {
                    table.row(row);
                }
                if (table.fits(Cli.terminal(spec)) || format != null) {
                    table.print(out, Cli.terminal(spec));
                    count(result.rows().size(), out);
                } else {
                    // Too many columns for this terminal: a value a line, and each of them whole.
                    LineFormat.print(result, out);
                }
            }
            case line -> LineFormat.print(result, out);
            case csv -> out.print(text(ResultFormat.CSV, result));
            case json -> out.println(text(ResultFormat.JSON, result));
        }
        out.flush();
    }

    private static String text(ResultFormat format, QueryResult result) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        format.write(result, bytes);
        return bytes.toString(StandardCharsets.UTF_8);
    }

    static void count(int rows, PrintWriter out) {
        out.println("(" + rows + (rows == 1 ? " row)" : " rows)"));
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
            return OfflineStore.query(folder, statement);
        } catch (QueryException | HomeLock.HeldException e) {
            throw new CommandFailure(Cli.FAILED, e.getMessage());
        }
    }
}
