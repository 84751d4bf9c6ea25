/// How each part of the agent is doing, and the loops that bring a part back which failed. Depends
/// on the JDK alone, so that every part may use it.
@NullMarked
package io.trapline.health;

import org.jspecify.annotations.NullMarked;
