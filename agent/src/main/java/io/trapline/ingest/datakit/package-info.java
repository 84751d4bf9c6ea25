/// DataKit's wire formats as pure functions, and the handlers of its HTTP API.
@NullMarked
package io.trapline.ingest.datakit;

import org.jspecify.annotations.NullMarked;
