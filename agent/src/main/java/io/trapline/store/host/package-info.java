/// DuckDB in a process of its own, the store host: people's SQL is user code, and native calls
/// neither end when they are told to nor keep to the memory they were given.
///
/// [io.trapline.store.host.HostedStore] is the agent's side and the front door,
/// [io.trapline.store.host.StoreHost] the program of the other process, which has a
/// [io.trapline.store.LocalStore] on a journal that it reads through the agent. They speak
/// [io.trapline.store.host.Message] on the host's standard input and output.
@NullMarked
package io.trapline.store.host;

import org.jspecify.annotations.NullMarked;
