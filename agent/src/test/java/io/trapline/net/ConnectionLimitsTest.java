package io.trapline.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.machine.Machine;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectionLimitsTest {
    private static Machine machine(long openFiles, long used) {
        return new Machine(
                openFiles,
                used,
                new Machine.Threads(OptionalLong.empty(), 0, ""),
                new Machine.Memory(1L << 40, ""));
    }

    /// Three listeners with all their places, reserves and farewells, and what else is open.
    @ParameterizedTest
    @CsvSource({
        "128, 108",
        "200, 108",
        "256, 108",
        "512, 112",
        "1024, 112",
        "4096, 112",
        "65536, 200"
    })
    void all_connections_together_stay_below_the_open_files(long openFiles, long used) {
        long share = ConnectionLimits.ofOne(machine(openFiles, used));
        ConnectionLimits limits =
                ConnectionLimits.of(20_000, ConnectionLimits.Urgent.NOTHING, share);
        long all = 3L * (limits.most() + limits.reserve());
        // With hardly any left each listener gets two places all the same.
        assertThat(used + all).isLessThanOrEqualTo(Math.max(openFiles, used + 3 * 3));
    }

    @ParameterizedTest
    @CsvSource({"1024, 112, 170", "4096, 112, 780", "128, 108, 2"})
    void there_are_as_many_places_as_files_bear(long openFiles, long used, int least) {
        ConnectionLimits limits =
                ConnectionLimits.of(
                        20_000,
                        ConnectionLimits.Urgent.NOTHING,
                        ConnectionLimits.ofOne(machine(openFiles, used)));
        assertThat(limits.most()).isGreaterThanOrEqualTo(least);
        assertThat(limits.ofOneSource()).isEqualTo(limits.most() / 2);
    }
}
