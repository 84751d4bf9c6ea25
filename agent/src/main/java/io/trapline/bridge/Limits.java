package io.trapline.bridge;

/// What one input may take of the operating system: a bound for accidents.
///
/// @param openFiles soft limit of open files of each of its processes (`RLIMIT_NOFILE`); a script
///   may raise it up to the hard one, which is the agent's
/// @param processes how many processes it may have besides its interpreter; beyond it all of them
///   are killed and the interpreter with them. Counted by looking, since `RLIMIT_NPROC` counts a
///   user's processes and does not bind root
public record Limits(int openFiles, int processes) {
    public static final Limits DEFAULT = new Limits(1024, 512);

    public Limits {
        if (openFiles < 64 || processes < 1) {
            throw new IllegalArgumentException(
                    "an interpreter needs 64 open files: " + openFiles + ", " + processes);
        }
    }
}
