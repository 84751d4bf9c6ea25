package io.trapline.cli;

import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `./trapline`: parses the command line and turns what a command throws into an exit code.
@Command(
        name = "trapline",
        description =
                "Runs Python collectors on schedule and keeps, shows and forwards what they report.",
        subcommands = {
            RunCommand.class,
            QueryCommand.class,
            StatusCommand.class,
            TrainCommand.class,
            TryCommand.class,
            CheckConfigCommand.class,
            CollectorsCommand.class,
            OutputsCommand.class,
            GitCommand.class,
            PushCommand.class,
            TrapCommand.class,
            VersionCommand.class,
            CommandLine.HelpCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Provider.class,
        exitCodeOnInvalidInput = Cli.USAGE,
        exitCodeOnExecutionException = Cli.FAILED)
public final class Cli {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    private Cli() {}

    @Option(names = "--home", paramLabel = "DIR", description = "As the commands' own --home.")
    @SuppressWarnings("UnusedMethod") // picocli calls it
    private void home(String folder) {
        System.setProperty(HomeOption.BEFORE_COMMAND, folder);
    }

    /// Returns the process's exit code.
    public static int execute(String[] args) {
        return commandLine().execute(args);
    }

    static CommandLine commandLine() {
        return new CommandLine(new Cli())
                .setExecutionExceptionHandler((failure, commandLine, _) -> {
                    String what =
                            failure.getMessage() == null
                                    ? failure.toString()
                                    : failure.getMessage();
                    commandLine.getErr().println("trapline: " + what);
                    if (!(failure instanceof CommandFailure)) {
                        LoggerFactory.getLogger(Cli.class)
                                .error("a defect in this program", failure);
                    }
                    return failure instanceof CommandFailure known ? known.exitCode() : FAILED;
                });
    }
}
