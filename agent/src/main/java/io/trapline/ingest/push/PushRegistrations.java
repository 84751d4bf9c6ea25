package io.trapline.ingest.push;

import java.util.Optional;

/// The registrations in force. Asked once a request, by any thread.
@FunctionalInterface
public interface PushRegistrations {
    Optional<PushRegistration> find(long dataId);
}
