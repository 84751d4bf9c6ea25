/// The local database that people query: a reader of the journal.
///
/// Front door: [io.trapline.store.Store]. One thread writes: it reads frames from the journal,
/// appends their rows and the journal position they came from in one DuckDB transaction, and only
/// then commits the reader's cursor. The position in DuckDB is the one that counts: after a crash
/// the reader starts behind it, so that no row is missing and none is there twice.
@NullMarked
package io.trapline.store;

import org.jspecify.annotations.NullMarked;
