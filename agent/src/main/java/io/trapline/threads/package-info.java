/// Where calls run that block the thread under them.
@NullMarked
package io.trapline.threads;

import org.jspecify.annotations.NullMarked;
