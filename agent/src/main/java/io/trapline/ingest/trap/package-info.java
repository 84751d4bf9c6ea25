/// Circonus JSON:Push (HTTPTrap). Source: `contracts/httptrap.md`.
///
/// Front doors: [io.trapline.ingest.trap.TrapDecoder], from a stream of bytes to
/// [io.trapline.period.Measurement]s, and [io.trapline.ingest.trap.TrapHandler] for HTTP.
@NullMarked
package io.trapline.ingest.trap;

import org.jspecify.annotations.NullMarked;
