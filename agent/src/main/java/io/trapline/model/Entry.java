package io.trapline.model;

/// One thing that a batch makes durable.
public sealed interface Entry permits Point, Sample, Run, CheckState, HeldValue, PeriodEnd {}
