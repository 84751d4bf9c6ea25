/// Who may send: push registrations with their tokens, HTTPTrap checks with their secrets and
/// filter rules, and what was seen of them.
///
/// Front door: [io.trapline.registry.Registry]. Senders are looked up in an immutable snapshot,
/// without a lock; each change is durable before the snapshot that shows it.
@NullMarked
package io.trapline.registry;

import org.jspecify.annotations.NullMarked;
