package io.trapline.telemetry;

import java.util.Objects;

/// The program's version.
public final class Version {
    /// As the build wrote it into the jar; `dev` where there is no jar.
    public static final String TEXT =
            Objects.requireNonNullElse(
                    Version.class.getPackage().getImplementationVersion(), "dev");

    private Version() {}
}
