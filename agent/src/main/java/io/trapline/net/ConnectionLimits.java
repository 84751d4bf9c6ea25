package io.trapline.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// What a listener's connections may take.
///
/// @param most open at a time, of all senders
/// @param ofOneSource of these, of one address or one user of this host ([Source])
/// @param reserve further ones, which are answered 503 unless [Urgent] says otherwise
/// @param urgent what is answered over the reserve
/// @param head from the first byte of a request line to the end of the header block; also a TLS
///   handshake
/// @param silence until the first byte of a connection, and between two pieces of a body
/// @param idle between two requests
public record ConnectionLimits(
        int most,
        int ofOneSource,
        int reserve,
        Urgent urgent,
        Duration head,
        Duration silence,
        Duration idle) {
    /// Of a sender that has had `silence` already, for each second that is waited for its body.
    static final int SLOWEST_BYTES_A_SECOND = 64;

    /// What a connection takes: 28 KiB were measured, and its request needs something as well.
    private static final int BYTES_OF_ONE = 64 << 10;

    /// Descriptors that are for other things than connections.
    private static final int OTHER_FILES = 512;

    private static final int RESERVE = 64;

    /// Which requests are answered when no place is left.
    @FunctionalInterface
    public interface Urgent {
        Urgent NOTHING = (_, _) -> false;

        /// Must not block.
        ///
        /// @param path as sent, without the query
        boolean test(String path, Optional<String> authorization);
    }

    public ConnectionLimits {
        if (most < 1 || ofOneSource < 1 || ofOneSource > most || reserve < 0) {
            throw new IllegalArgumentException(
                    "no limits: " + most + ", " + ofOneSource + ", " + reserve);
        }
    }

    /// Half of the places are for one source at most. No more places than the heap and the limit of
    /// open files bear.
    public static ConnectionLimits of(int most, Urgent urgent) {
        long bearable =
                Math.min(
                        Runtime.getRuntime().maxMemory() / BYTES_OF_ONE,
                        (openFiles() - OTHER_FILES) / 3);
        int all = Math.clamp(bearable, 64, most);
        return new ConnectionLimits(
                all,
                all / 2,
                RESERVE,
                urgent,
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofMinutes(5));
    }

    private static long openFiles() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
                if (line.startsWith("Max open files")) {
                    String soft =
                            line.substring("Max open files".length()).strip().split(" +", 2)[0];
                    return soft.equals("unlimited") ? Integer.MAX_VALUE : Long.parseLong(soft);
                }
            }
        } catch (IOException | NumberFormatException _) {
            // As below.
        }
        return 1024;
    }
}
