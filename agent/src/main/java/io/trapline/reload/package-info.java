/// Notices files that change.
@NullMarked
package io.trapline.reload;

import org.jspecify.annotations.NullMarked;
