package io.trapline.ingest;

import java.util.List;

/// Where a handler shows people what arrived, after it has answered for itself. Cheap; any thread
/// may call it.
@FunctionalInterface
public interface Previews {
    Previews NONE = (_, _, _, _, _) -> {};

    /// How much of a body is of use.
    int MAX_BYTES = 4096;

    /// @param source `push/<data_id>` or `trap/<uuid>`, proven by the token or the secret
    /// @param body decompressed; all of it, or its beginning
    /// @param bytes how long all of it was
    /// @param notes warnings, or why it was refused
    void add(String source, int status, byte[] body, long bytes, List<String> notes);
}
