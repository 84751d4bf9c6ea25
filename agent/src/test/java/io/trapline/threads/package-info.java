@NullMarked
package io.trapline.threads;

import org.jspecify.annotations.NullMarked;
