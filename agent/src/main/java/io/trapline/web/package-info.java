/// JSON and pages for people.
@NullMarked
package io.trapline.web;

import org.jspecify.annotations.NullMarked;
