package io.trapline.web;

import java.time.Instant;
import java.util.List;

/// What became of the last reading of the configuration.
///
/// @param generation what is in force
/// @param problems one line each, with file and line; errors and lesser remarks
/// @param errors how many of them left something out, or made that reading be refused
/// @param refused whether that reading was refused, so that an older one stays in force
/// @param readAt when it was read
public record ConfigStatus(
        long generation, List<String> problems, long errors, boolean refused, Instant readAt) {
    public ConfigStatus {
        problems = List.copyOf(problems);
    }
}
