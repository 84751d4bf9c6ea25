/// The log-linear histogram of circllhist ("OpenHistogram") and its record.
///
/// Front door: [io.trapline.model.circllhist.Circllhist]. Source: `contracts/circllhist.md`.
@NullMarked
package io.trapline.model.circllhist;

import org.jspecify.annotations.NullMarked;
