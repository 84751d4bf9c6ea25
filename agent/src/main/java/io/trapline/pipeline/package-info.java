/// From decoded points to durable batches: checks, global tags, the codec of the journal's frames.
///
/// Front door: [io.trapline.pipeline.Pipeline].
@NullMarked
package io.trapline.pipeline;

import org.jspecify.annotations.NullMarked;
