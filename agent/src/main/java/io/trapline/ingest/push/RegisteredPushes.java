package io.trapline.ingest.push;

import io.trapline.registry.Registry;
import java.util.Optional;

/// The registry's push registrations, as the decoder wants them.
public final class RegisteredPushes implements PushRegistrations {
    private final Registry registry;

    public RegisteredPushes(Registry registry) {
        this.registry = registry;
    }

    @Override
    public Optional<PushRegistration> find(long dataId) {
        return registry.push(dataId)
                .map(push ->
                        new PushRegistration(
                                push.dataId(),
                                push.accessToken(),
                                push.type().word(),
                                push.version(),
                                push.rate(),
                                push.maxFutureTimeOffset(),
                                push.enabled()));
    }
}
