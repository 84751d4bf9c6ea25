package io.trapline.cli;

import io.trapline.config.FileFailure;
import io.trapline.config.Nearest;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// `./trapline`: parses the command line and turns what a command throws into an exit code.
@Command(
        name = "trapline",
        description =
                "Runs Python collectors on schedule and keeps, shows and forwards what they report.",
        subcommands = {
            RunCommand.class,
            QueryCommand.class,
            StatusCommand.class,
            VerifyCommand.class,
            ReloadCommand.class,
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
        versionProvider = VersionCommand.Provider.class,
        footer = {"", "`trapline COMMAND --help` explains a command."},
        exitCodeOnInvalidInput = Cli.USAGE,
        exitCodeOnExecutionException = Cli.FAILED)
public final class Cli {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    private static final String HELP = "--help";

    private final Terminal terminal;

    @Mixin
    @SuppressWarnings("UnusedVariable") // HomeOption finds it by its name
    private HomeOption home;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Prints the version and exits.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean version;

    private Cli(Terminal terminal) {
        this.terminal = terminal;
    }

    /// Returns the process's exit code.
    public static int execute(String[] args) {
        return commandLine(Terminal.ofProcess())
                .setOut(writer(FileDescriptor.out))
                .setErr(writer(FileDescriptor.err))
                .execute(args);
    }

    /// UTF-8 whatever the locale says: so are the files and the data that are shown.
    private static PrintWriter writer(FileDescriptor file) {
        return new PrintWriter(new FileOutputStream(file), true, StandardCharsets.UTF_8);
    }

    /// What a command that is not shown on a terminal has.
    static CommandLine commandLine() {
        return commandLine(Terminal.NONE);
    }

    static CommandLine commandLine(Terminal terminal) {
        CommandLine all = new CommandLine(new Cli(terminal));
        addHelp(all);
        // picocli shows the help of the last command that it knows, whatever stands after it.
        all.setExecutionStrategy(parsed -> {
            for (CommandLine each : parsed.asCommandLineList()) {
                if (!each.getUnmatchedArguments().isEmpty()) {
                    throw new UnmatchedArgumentException(each, each.getUnmatchedArguments());
                }
            }
            return new CommandLine.RunLast().execute(parsed);
        });
        return all.setParameterExceptionHandler((failure, _) -> misused(failure))
                .setExecutionExceptionHandler((failure, command, _) -> failed(failure, command));
    }

    /// The terminal that a command's output goes to.
    static Terminal terminal(CommandSpec command) {
        return ((Cli) command.root().userObject()).terminal;
    }

    /// Every command has `--help`, those to come included.
    private static void addHelp(CommandLine command) {
        if (!command.getCommandSpec().optionsMap().containsKey(HELP)) {
            command.getCommandSpec()
                    .addOption(
                            OptionSpec.builder("-h", HELP)
                                    .usageHelp(true)
                                    .description("Shows this help and exits.")
                                    .build());
        }
        command.getSubcommands().values().forEach(Cli::addHelp);
    }

    /// Says what is wrong with the command line, and what was probably meant.
    private static int misused(ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        CommandSpec spec = command.getCommandSpec();
        PrintWriter err = command.getErr();
        err.println("trapline: " + TextTable.plain(message(failure)));
        meant(failure)
                .ifPresent(word ->
                        err.println(
                                "Did you mean: "
                                        + (word.startsWith("-") ? "" : spec.qualifiedName() + " ")
                                        + word
                                        + "?"));
        err.print(command.getHelp().synopsisHeading());
        err.print(command.getHelp().synopsis(command.getHelp().synopsisHeadingLength()));
        err.println("`" + spec.qualifiedName() + " --help` explains it.");
        return USAGE;
    }

    private static String message(ParameterException failure) {
        Optional<String> word = unknownCommand(failure);
        return word.map(name ->
                        "there is no command \""
                                + name
                                + "\" in "
                                + failure.getCommandLine().getCommandSpec().qualifiedName())
                .orElseGet(() -> String.valueOf(failure.getMessage()));
    }

    private static Optional<String> meant(ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        Optional<String> word = unknownCommand(failure);
        if (word.isPresent()) {
            List<String> commands =
                    command.getSubcommands().entrySet().stream()
                            .filter(each ->
                                    !each.getValue().getCommandSpec().usageMessage().hidden())
                            .map(each -> each.getKey())
                            .toList();
            return Nearest.close(word.get(), commands);
        }
        return failure instanceof UnmatchedArgumentException unmatched
                        && unmatched.isUnknownOption()
                ? Nearest.close(
                        unmatched.getUnmatched().getFirst().replaceFirst("=.*", ""),
                        command.getCommandSpec().optionsMap().keySet())
                : Optional.empty();
    }

    /// The word that stands where a subcommand's name belongs.
    private static Optional<String> unknownCommand(ParameterException failure) {
        return failure instanceof UnmatchedArgumentException unmatched
                        && !unmatched.isUnknownOption()
                        && !failure.getCommandLine().getSubcommands().isEmpty()
                ? Optional.of(unmatched.getUnmatched().getFirst())
                : Optional.empty();
    }

    private static int failed(Exception failure, CommandLine command) {
        PrintWriter err = command.getErr();
        @Nullable FileSystemException file = fileFailure(failure);
        if (failure instanceof CommandFailure known) {
            err.println(prefix(command) + known.getMessage());
            return known.exitCode();
        }
        if (file != null) {
            // The machine's doing, not a defect: no stack trace.
            err.println(prefix(command) + FileFailure.text(file));
            return FAILED;
        }
        err.println(
                prefix(command)
                        + (failure.getMessage() == null
                                ? failure.toString()
                                : failure.getMessage()));
        LoggerFactory.getLogger(Cli.class).error("a defect in this program", failure);
        return FAILED;
    }

    private static @Nullable FileSystemException fileFailure(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof FileSystemException file) {
                return file;
            }
        }
        return null;
    }

    private static String prefix(CommandLine command) {
        return terminal(command.getCommandSpec()).red("trapline:") + " ";
    }
}
