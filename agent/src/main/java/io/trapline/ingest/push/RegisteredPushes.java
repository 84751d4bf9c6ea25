package io.trapline.ingest.push;

import io.trapline.registry.Registry;
import io.trapline.registry.SeenMetric.Kind;
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

    @Override
    public SeenNames names(PushRegistration registration) {
        String source = "push/" + registration.dataId();
        Kind kind = registration.type().equals("event") ? Kind.EVENT : Kind.METRIC;
        return new SeenNames() {
            @Override
            public boolean isKnown(String name) {
                return registry.isSeen(source, kind, name);
            }

            @Override
            public int count() {
                return registry.seenNames(source, kind);
            }
        };
    }
}
