/// What is kept goes on to others: one loop per output, from its cursor in the journal over an
/// encoding to a receiver that acknowledges.
///
/// Front door: [io.trapline.forward.Outputs]. What becomes of an entry on its way out is told by
/// `PushMapping` and `TrapMapping`; what is promised, and how it is kept, by `Forwarder`.
@NullMarked
package io.trapline.forward;

import org.jspecify.annotations.NullMarked;
