/// The subcommands of `./trapline`, each a short class.
///
/// Exit codes: 0 ok, 1 failed, 2 usage or configuration error; the two that send tell more, see
/// `SendOptions`.
@NullMarked
package io.trapline.cli;

import org.jspecify.annotations.NullMarked;
