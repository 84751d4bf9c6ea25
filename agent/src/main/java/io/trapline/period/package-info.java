/// HTTPTrap periods: what a measurement means for its check, by mode. Source:
/// `contracts/httptrap.md` sections 9 to 11.
///
/// Front door: [io.trapline.period.Periods], the engine; [io.trapline.period.Accumulator] is one
/// period of a check, fed with [io.trapline.period.Measurement]s.
@NullMarked
package io.trapline.period;

import org.jspecify.annotations.NullMarked;
