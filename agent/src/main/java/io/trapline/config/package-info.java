/// Reads configuration files and reports all problems at once; knows no capability.
///
/// A [io.trapline.config.ConfReader] turns a TOML file into a [io.trapline.config.ConfTable]; each
/// capability reads its own section from it into its own settings record. Nothing here throws on
/// what a user wrote: every finding goes to [io.trapline.config.Problems] and reading goes on.
@NullMarked
package io.trapline.config;

import org.jspecify.annotations.NullMarked;
