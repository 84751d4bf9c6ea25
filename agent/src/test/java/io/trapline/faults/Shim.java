package io.trapline.faults;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Makes calls to files fail inside a program that runs: `faults/shim.c`, compiled and preloaded.
public final class Shim {
    private final Path library;
    private final Path rules;

    private Shim(Path library, Path rules) {
        this.library = library;
        this.rules = rules;
    }

    /// @throws IOException when there is no C compiler, among others
    public static Shim compile(Path folder) throws IOException, InterruptedException {
        Path source = folder.resolve("shim.c");
        Path library = folder.resolve("shim.so");
        try (InputStream in = Shim.class.getResourceAsStream("/faults/shim.c")) {
            Files.write(source, in.readAllBytes());
        }
        Process cc;
        try {
            cc =
                    new ProcessBuilder(
                                    "cc",
                                    "-shared",
                                    "-fPIC",
                                    "-O2",
                                    "-o",
                                    library.toString(),
                                    source.toString())
                            .redirectErrorStream(true)
                            .start();
        } catch (IOException e) {
            throw new IOException(
                    "this test compiles a library that makes calls fail, and there is no C"
                            + " compiler: install gcc and libc6-dev (dev/test does)",
                    e);
        }
        String said = new String(cc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (cc.waitFor() != 0) {
            throw new IOException("cc could not compile " + source + ":\n" + said);
        }
        Path rules = folder.resolve("rules");
        Files.writeString(rules, "");
        return new Shim(library, rules);
    }

    /// What the program's environment needs.
    public Map<String, String> environment() {
        return Map.of("LD_PRELOAD", library.toString(), "TRAPLINE_FAULTS", rules.toString());
    }

    /// From now on; replaces what was in force. See `shim.c` for a rule's form.
    public void inForce(String... all) throws IOException {
        // Renamed into place, so that nobody reads half of it.
        Path fresh = rules.resolveSibling("rules.new");
        Files.writeString(fresh, String.join("\n", List.of(all)));
        Files.move(fresh, rules, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    public void none() throws IOException {
        inForce();
    }
}
