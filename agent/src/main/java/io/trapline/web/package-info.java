/// JSON and pages for people, on the agent's listener.
@NullMarked
package io.trapline.web;

import org.jspecify.annotations.NullMarked;
