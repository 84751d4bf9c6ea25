package io.trapline.ingest.push;

import java.util.Optional;

/// The registrations in force. Asked once a request, by any thread.
@FunctionalInterface
public interface PushRegistrations {
    Optional<PushRegistration> find(long dataId);

    /// The names that a registration's data has had so far.
    default SeenNames names(PushRegistration registration) {
        return SeenNames.NONE;
    }

    /// Metric names, or event names.
    interface SeenNames {
        SeenNames NONE =
                new SeenNames() {
                    @Override
                    public boolean isKnown(String name) {
                        return false;
                    }

                    @Override
                    public int count() {
                        return 0;
                    }
                };

        boolean isKnown(String name);

        /// Not cheap: asked when a name is not known.
        int count();
    }
}
