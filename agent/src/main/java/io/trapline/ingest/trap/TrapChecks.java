package io.trapline.ingest.trap;

import java.util.Optional;
import java.util.UUID;

/// The checks in force. Asked once a request, by any thread; the answer for an unchanged check
/// should be the same object, because what is derived from it is kept by it.
@FunctionalInterface
public interface TrapChecks {
    Optional<TrapCheck> find(UUID id);
}
