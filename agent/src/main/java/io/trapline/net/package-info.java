/// What every listener and every client of ours shares: addresses to listen on, binding them, and
/// TLS from PEM files.
@NullMarked
package io.trapline.net;

import org.jspecify.annotations.NullMarked;
