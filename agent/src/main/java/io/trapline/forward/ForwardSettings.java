package io.trapline.forward;

import io.trapline.config.ConfTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// `[outputs]` with its blocks.
///
/// @param outputs with unique names, those that are off included
/// @param asideMaxBytes what one output may set aside; beyond it the oldest is given up and counted
public record ForwardSettings(List<OutputSettings> outputs, long asideMaxBytes) {
    public static final ForwardSettings NONE = new ForwardSettings(List.of(), 64L << 20);

    public ForwardSettings {
        outputs = List.copyOf(outputs);
        if (asideMaxBytes <= 0) {
            throw new IllegalArgumentException(
                    "asideMaxBytes must be positive, is " + asideMaxBytes);
        }
    }

    /// Reads `[outputs]`.
    ///
    /// @param hostName the target of push items that name none
    public static ForwardSettings read(ConfTable outputs, String hostName) {
        List<OutputSettings> found = new ArrayList<>();
        Map<String, Integer> lines = new HashMap<>();
        read(outputs.sections("core"), CoreOutputSettings::read, lines, found);
        read(
                outputs.sections("push"),
                push -> PushOutputSettings.read(push, hostName),
                lines,
                found);
        read(outputs.sections("trap"), TrapOutputSettings::read, lines, found);
        long bytes =
                outputs.size("aside_max_bytes", 1024, Long.MAX_VALUE).orElse(NONE.asideMaxBytes);
        outputs.done();
        return new ForwardSettings(found, bytes);
    }

    private static void read(
            List<ConfTable> blocks,
            Function<ConfTable, Optional<? extends OutputSettings>> reader,
            Map<String, Integer> lines,
            List<OutputSettings> found) {
        for (ConfTable block : blocks) {
            Optional<? extends OutputSettings> one = reader.apply(block);
            if (one.isEmpty()) {
                continue;
            }
            Integer first = lines.putIfAbsent(one.get().name(), block.line());
            if (first == null) {
                found.add(one.get());
            } else {
                block.error(
                        "name",
                        "the output of line "
                                + first
                                + " has it too; accepted: one that no other has");
            }
        }
    }
}
