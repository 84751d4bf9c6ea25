/// The local database that people query: a reader of the journal.
@NullMarked
package io.trapline.store;

import org.jspecify.annotations.NullMarked;
