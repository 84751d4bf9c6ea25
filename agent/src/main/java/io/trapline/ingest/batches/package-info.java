/// What other Traplines hand over: `POST /v1/batches` on the core listener.
@NullMarked
package io.trapline.ingest.batches;

import org.jspecify.annotations.NullMarked;
