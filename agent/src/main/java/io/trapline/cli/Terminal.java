package io.trapline.cli;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// The terminal that standard output goes to, if it does: then tables fit its width and outcomes
/// have colours. A pipe or a file gets every cell whole and no colours.
///
/// @param columns how wide it is; 0 = there is none, or its width is not known
/// @param colours whether it shows them
record Terminal(int columns, boolean colours) {
    static final Terminal NONE = new Terminal(0, false);

    private static final Path STANDARD_OUTPUT = Path.of("/proc/self/fd/1");
    private static final int STANDARD_OUTPUT_NUMBER = 1;

    /// `TIOCGWINSZ` of Linux; its answer is four shorts: rows, columns and two that nobody fills.
    private static final long ASK_FOR_SIZE = 0x5413;

    private static final int COLUMNS_OFFSET = 2;

    private static final String RED = "31";
    private static final String GREEN = "32";
    private static final String YELLOW = "33";

    static Terminal ofProcess() {
        return isTerminal(STANDARD_OUTPUT) ? of(System.getenv(), Terminal::askForColumns) : NONE;
    }

    /// @param kernel asked when `COLUMNS` says nothing
    static Terminal of(Map<String, String> environment, java.util.function.IntSupplier kernel) {
        String columns = environment.getOrDefault("COLUMNS", "");
        boolean colours =
                environment.getOrDefault("NO_COLOR", "").isEmpty()
                        && !environment.getOrDefault("TERM", "dumb").equals("dumb");
        return new Terminal(
                columns.matches("[1-9][0-9]{0,4}") ? Integer.parseInt(columns) : kernel.getAsInt(),
                colours);
    }

    /// Without a native call: commands whose output goes elsewhere need not wait for the linker.
    private static boolean isTerminal(Path file) {
        try {
            String target = Files.readSymbolicLink(file).toString();
            return target.startsWith("/dev/pts/")
                    || target.startsWith("/dev/tty")
                    || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException _) {
            return false;
        }
    }

    @SuppressWarnings("restricted")
    private static int askForColumns() {
        Linker linker = Linker.nativeLinker();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(ValueLayout.JAVA_SHORT, 4);
            int failed =
                    (int)
                            linker.downcallHandle(
                                            linker.defaultLookup().findOrThrow("ioctl"),
                                            FunctionDescriptor.of(
                                                    ValueLayout.JAVA_INT,
                                                    ValueLayout.JAVA_INT,
                                                    ValueLayout.JAVA_LONG,
                                                    ValueLayout.ADDRESS),
                                            Linker.Option.firstVariadicArg(2))
                                    .invokeExact(STANDARD_OUTPUT_NUMBER, ASK_FOR_SIZE, size);
            return failed == 0
                    ? Short.toUnsignedInt(size.get(ValueLayout.JAVA_SHORT, COLUMNS_OFFSET))
                    : 0;
        } catch (Throwable _) {
            return 0; // another kernel: as wide as it comes
        }
    }

    String red(String text) {
        return coloured(RED, text);
    }

    /// `text` in the colour of a state or an outcome: good green, bad red, in between yellow; other
    /// words are left as they are.
    String state(String word, String text) {
        return switch (word) {
            case "ok", "running", "good" -> coloured(GREEN, text);
            case "error",
                    "timeout",
                    "crashed",
                    "failing",
                    "failed",
                    "refused",
                    "stopped",
                    "backing off",
                    "retrying",
                    "dead",
                    "not loaded" ->
                    coloured(RED, text);
            case "skipped", "paused", "starting", "loading", "behind", "gone" ->
                    coloured(YELLOW, text);
            default -> text;
        };
    }

    private String coloured(String colour, String text) {
        return colours && !text.isEmpty() ? "\u001b[" + colour + "m" + text + "\u001b[0m" : text;
    }
}
