package io.trapline.net;

import io.trapline.machine.Machine;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// Whether this process may open more files.
final class Descriptors {
    private static final Path ANY = Path.of("/dev/null");

    private Descriptors() {}

    /// Tries it: counting what is open takes longer the more there is. Costs some microseconds for
    /// one.
    static boolean areSpare(int count) {
        List<FileChannel> held = new ArrayList<>(count);
        try {
            for (int i = 0; i < count; i++) {
                held.add(FileChannel.open(ANY, StandardOpenOption.READ));
            }
            return true;
        } catch (IOException _) {
            return false;
        } finally {
            for (FileChannel each : held) {
                close(each);
            }
        }
    }

    private static void close(FileChannel each) {
        try {
            each.close();
        } catch (IOException _) {
            // Nothing was written.
        }
    }

    /// For people.
    static String usedUp() {
        return "no file can be opened: all "
                + Machine.here().openFiles()
                + " that are allowed (ulimit -n, LimitNOFILE of the service) are open, or those of"
                + " the whole system are";
    }
}
