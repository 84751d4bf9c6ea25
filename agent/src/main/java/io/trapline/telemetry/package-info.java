/// The agent's own log and counters.
@NullMarked
package io.trapline.telemetry;

import org.jspecify.annotations.NullMarked;
