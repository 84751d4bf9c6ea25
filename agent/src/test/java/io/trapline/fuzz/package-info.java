/// What the fuzz targets share. A target is a class `<Name>Fuzz` beside what it feeds, with one
/// method `fuzzerTestOneInput(byte[])`, which throws when a promise is broken; its seeds are the
/// files of `src/test/resources/fuzz/<Name>`. [io.trapline.fuzz.FuzzSeedsTest] runs them all,
/// `dev/fuzz` looks for more.
@NullMarked
package io.trapline.fuzz;

import org.jspecify.annotations.NullMarked;
