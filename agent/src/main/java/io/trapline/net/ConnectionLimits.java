package io.trapline.net;

import io.trapline.machine.Machine;
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

    private static final int RESERVE = 64;

    /// Of the agent's listener, its socket and the core's listener.
    private static final int LISTENERS = 3;

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
        return of(most, urgent, Share.OF_A_LISTENER);
    }

    /// @param files that the listener may have open
    static ConnectionLimits of(int most, Urgent urgent, long files) {
        // A place of the reserve, and a connection that was refused and is given the time to read
        // that, take a descriptor as well.
        int reserve = Math.clamp(files / 8, 1, RESERVE);
        long bearable =
                Math.min(
                        Runtime.getRuntime().maxMemory() / BYTES_OF_ONE, (files - reserve) * 3 / 4);
        int all = Math.clamp(bearable, 2, most);
        return new ConnectionLimits(
                all,
                all / 2,
                reserve,
                urgent,
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofMinutes(5));
    }

    /// How many descriptors may be connections, as they were when the first listener opened.
    private static final class Share {
        static final long OF_A_LISTENER = ofOne(Machine.here());
    }

    /// @return how many files each of the listeners may have open
    static long ofOne(Machine machine) {
        return machine.filesForConnections() / LISTENERS;
    }
}
