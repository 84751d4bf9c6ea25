/// The only package that knows Python: worker processes, their protocol, the GraalPy host.
///
/// Front door: [io.trapline.bridge.Bridge].
@NullMarked
package io.trapline.bridge;

import org.jspecify.annotations.NullMarked;
