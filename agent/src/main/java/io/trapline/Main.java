package io.trapline;

import io.trapline.cli.Cli;

/// The program's entry: hands over to the subcommands.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(Cli.execute(args));
    }
}
