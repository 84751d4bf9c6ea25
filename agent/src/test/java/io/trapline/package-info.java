@NullMarked
package io.trapline;

import org.jspecify.annotations.NullMarked;
