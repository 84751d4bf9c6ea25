package io.trapline.gitsync;

import java.time.Instant;

/// A change of a repository's state.
///
/// @param kind `applied`, `restored` (after local edits), `refused` or `failed`
/// @param commit 40 digits, empty where none is known
/// @param text the commit's subject, or what went wrong
public record SyncEvent(Instant time, String repository, String kind, String commit, String text) {}
