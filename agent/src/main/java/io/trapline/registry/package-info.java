/// Push registrations, checks, tokens.
@NullMarked
package io.trapline.registry;

import org.jspecify.annotations.NullMarked;
