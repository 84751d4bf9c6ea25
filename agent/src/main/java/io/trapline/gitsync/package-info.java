/// Configuration and collectors from git.
@NullMarked
package io.trapline.gitsync;

import org.jspecify.annotations.NullMarked;
