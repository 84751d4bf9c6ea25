/// Reads configuration files and reports all problems at once; knows no capability.
@NullMarked
package io.trapline.config;

import org.jspecify.annotations.NullMarked;
