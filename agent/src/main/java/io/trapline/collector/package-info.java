/// What to run and when; the run ledger. The only package that uses the bridge.
@NullMarked
package io.trapline.collector;

import org.jspecify.annotations.NullMarked;
