package io.trapline.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// For the launcher, after a build: what the embedded Python's hosts load is kept in a start cache.
@Command(name = "train", hidden = true, description = "Makes the start cache of embedded inputs.")
final class TrainCommand implements Callable<Integer> {
    @Mixin private HomeOption home;

    @Override
    public Integer call() throws Exception {
        HomeOption.program().train(home.home().create());
        return Cli.OK;
    }
}
