package io.trapline.registry;

/// How a change ended. In every case but [Done] nothing was changed.
public sealed interface Outcome<T> {
    /// Durable and in force.
    record Done<T>(T value) implements Outcome<T> {}

    /// There is no such registration.
    record Unknown<T>() implements Outcome<T> {}

    /// The configuration declares it; `file` and `line` say where to change it.
    record DeclaredIn<T>(String file, int line) implements Outcome<T> {}

    /// Another one has it already.
    ///
    /// @param what `data_id 1500101`, for people
    record Taken<T>(String what) implements Outcome<T> {}
}
