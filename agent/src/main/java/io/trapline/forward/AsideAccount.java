package io.trapline.forward;

/// What an output set aside, as its database has it.
///
/// @param there items that are aside
/// @param gone items that were: sent again, dropped by hand, or given up for `aside_max_bytes`
public record AsideAccount(long there, long gone) {}
