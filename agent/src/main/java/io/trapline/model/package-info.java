/// What flows through Trapline: pure records that depend on the JDK alone.
///
/// A [io.trapline.model.Point] is what a report consists of; a [io.trapline.model.Sample] is one
/// value of one metric stream; a [io.trapline.model.Batch] is what becomes durable together.
@NullMarked
package io.trapline.model;

import org.jspecify.annotations.NullMarked;
