package io.trapline.ingest.trap;

import java.util.Optional;

/// How the decoding of a submission ended. What was given to the consumer stays valid in any case.
public sealed interface TrapResult {

    /// @param stats values read, also those that are not stored
    /// @param filtered those of them that the filter set does not accept
    /// @param error what was lost, absent when nothing was
    record Done(long stats, long filtered, Optional<String> error) implements TrapResult {}

    /// The body is no JSON from some place on, or says something impossible there.
    record Malformed(long stats, String message) implements TrapResult {}

    /// The body could not be read to its end: a connection that broke off, bad chunking, bad gzip.
    record Unreadable(long stats, String reason) implements TrapResult {}
}
