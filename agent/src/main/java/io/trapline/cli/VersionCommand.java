package io.trapline.cli;

import io.trapline.telemetry.Version;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "version", description = "Prints the version, and the Java that runs it.")
final class VersionCommand implements Callable<Integer> {
    /// Every command takes it; here it changes nothing.
    @Mixin
    @SuppressWarnings("UnusedVariable") // picocli fills it
    private HomeOption home;

    @Mixin private JsonOption json;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (json.isWanted()) {
            Map<String, String> all = new LinkedHashMap<>();
            all.put("version", Version.TEXT);
            all.put("java", Runtime.version().toString());
            JsonOption.print(all, out);
        } else {
            out.println(text());
        }
        return Cli.OK;
    }

    private static String text() {
        return "trapline %s (Java %s)".formatted(Version.TEXT, Runtime.version());
    }

    static final class Provider implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {text()};
        }
    }
}
