/// The HTTP doors: adapters that decode, limit and reply.
@NullMarked
package io.trapline.ingest;

import org.jspecify.annotations.NullMarked;
