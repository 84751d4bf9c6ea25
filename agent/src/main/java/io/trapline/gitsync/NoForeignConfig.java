package io.trapline.gitsync;

import java.io.File;
import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.lib.StoredConfig;
import org.eclipse.jgit.storage.file.FileBasedConfig;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;
import org.jspecify.annotations.Nullable;

/// Keeps the user's and the system's git configuration out: it could switch verification off or
/// send an address elsewhere, and to find it JGit would start `git`.
final class NoForeignConfig extends SystemReader.Delegate {
    private static boolean installed;

    private NoForeignConfig(SystemReader machine) {
        super(machine);
    }

    static synchronized void install() {
        if (!installed) {
            SystemReader.setInstance(new NoForeignConfig(SystemReader.getInstance()));
            installed = true;
        }
    }

    @Override
    public FileBasedConfig openSystemConfig(@Nullable Config parent, FS files) {
        return new Nothing(parent, files);
    }

    @Override
    public FileBasedConfig openUserConfig(@Nullable Config parent, FS files) {
        return new Nothing(parent, files);
    }

    @Override
    public FileBasedConfig openJGitConfig(@Nullable Config parent, FS files) {
        return new Nothing(parent, files);
    }

    @Override
    public StoredConfig getSystemConfig() {
        return openSystemConfig(null, FS.DETECTED);
    }

    @Override
    public StoredConfig getUserConfig() {
        return openUserConfig(null, FS.DETECTED);
    }

    @Override
    public StoredConfig getJGitConfig() {
        return openJGitConfig(null, FS.DETECTED);
    }

    private static final class Nothing extends FileBasedConfig {
        Nothing(@Nullable Config parent, FS files) {
            super(parent, new File("no-such-config"), files);
        }

        @Override
        public void load() {
            // Nothing to load.
        }

        /// JGit wants to note what it measured about the file system. Without this it would write a
        /// file, wherever the path above leads.
        @Override
        public void save() {
            // Nothing is kept.
        }

        @Override
        public boolean isOutdated() {
            return false;
        }
    }
}
