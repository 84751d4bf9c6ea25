/// The limits that the system sets for this process: open files, threads, memory. Depends on the
/// JDK alone.
@NullMarked
package io.trapline.machine;

import org.jspecify.annotations.NullMarked;
