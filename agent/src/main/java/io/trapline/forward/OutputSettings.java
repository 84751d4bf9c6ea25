package io.trapline.forward;

import java.net.URI;

/// One output. Two that are equal behave the same, so that a reload leaves such a one running.
public sealed interface OutputSettings
        permits PushOutputSettings, TrapOutputSettings, CoreOutputSettings {
    OutputBasics basics();

    /// Where it sends to, complete. May hold a secret.
    URI url();

    /// `push`, `trap` or `core`.
    String kind();

    /// Where it sends to, for people: without secrets.
    String shownAddress();

    default String name() {
        return basics().name();
    }
}
