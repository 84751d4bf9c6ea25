/// The durable, ordered log of accepted batches, as opaque bytes, and the cursors of its readers.
///
/// Front door: [io.trapline.journal.Journal].
@NullMarked
package io.trapline.journal;

import org.jspecify.annotations.NullMarked;
