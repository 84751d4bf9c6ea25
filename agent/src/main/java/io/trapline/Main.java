package io.trapline;

import io.trapline.cli.Cli;

/// The program's entry: hands over to the subcommands.
public final class Main {
    /// Requests that are long at work on small machines do not keep others from a carrier: between
    /// more carriers than cores, the kernel shares the cores out.
    private static final int FEWEST_CARRIERS = 8;

    private Main() {}

    public static void main(String[] args) {
        mountEnoughCarriers();
        System.exit(Cli.execute(args));
    }

    /// To be done before the first virtual thread.
    private static void mountEnoughCarriers() {
        String key = "jdk.virtualThreadScheduler.parallelism";
        int cores = Runtime.getRuntime().availableProcessors();
        if (System.getProperty(key) == null && cores < FEWEST_CARRIERS) {
            System.setProperty(key, Integer.toString(FEWEST_CARRIERS));
        }
    }
}
