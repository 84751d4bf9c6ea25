package io.trapline.gitsync;

import java.nio.file.Path;

/// @param home where a relative path of a key starts
/// @param knownHosts the servers' keys
record SshFiles(Path home, Path knownHosts) {}
