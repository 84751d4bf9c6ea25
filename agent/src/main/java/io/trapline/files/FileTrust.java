package io.trapline.files;

import io.trapline.files.Objection.Offence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Whether a file may be taken as code or as instructions: nobody but trusted users can change it,
/// or have another one found in its place.
///
/// A path is followed name by name, as the kernel does it. Each folder on the way, each link and
/// what is at the end must belong to a trusted user and be writable by no other; a group counts as
/// others unless it is root's (and no access list lets more in). A folder on the way may be
/// writable by all if it is sticky, such as `/tmp`: there nobody can replace what belongs to a
/// trusted user. At the end of the way it may not: others could add files.
///
/// One instance is one look: it asks the kernel of each file once, so it is made anew for each scan
/// and used by one thread.
public final class FileTrust {
    private static final Set<Integer> ROOTS_GROUP = Set.of(Stat.ROOT);
    private static final int MOST_LINKS = 40;
    private static final int MOST_ENTRIES = 200_000;
    private static final int DEEPEST = 64;
    private static final int LIBRARY_LEVELS = 3;
    private static final Set<String> IMPORTABLE =
            Set.of("py", "pyc", "pyo", "pyw", "so", "pyd", "pth", "zip", "egg", "whl");

    /// What wheels bring along for their native modules, and what holds packages, whatever the
    /// version in its name.
    private static final Pattern SEARCHED = Pattern.compile(".*\\.libs|(python|pypy)[0-9.]+t?");

    private static final Pattern LIBRARY = Pattern.compile(".*\\.so\\.[0-9.]+");

    private static final String PACKAGE =
            "a folder of such a name can be imported, and so can what others put into it; one that"
                    + " holds only data belongs elsewhere";

    private final Set<Integer> trusted;
    private final Set<Integer> groups;
    private final boolean everyone;
    private final String agent;
    private final Map<Path, Optional<Offence>> onTheWay = new HashMap<>();
    private final Map<Path, Optional<Offence>> atTheEnd = new HashMap<>();
    private final Map<Path, List<Offence>> trees = new HashMap<>();
    private final SharedLibraries libraries = new SharedLibraries();
    private @Nullable List<Path> homes;

    private FileTrust(Set<Integer> trusted, Set<Integer> groups, boolean everyone, String agent) {
        this.trusted = trusted;
        this.groups = groups;
        this.everyone = everyone;
        this.agent = agent;
    }

    /// Nothing is refused: the process has no more rights than whoever started it.
    public static FileTrust everyone() {
        return new FileTrust(Set.of(), Set.of(), true, "");
    }

    /// Root alone is trusted.
    public static FileTrust ofRoot() {
        return new FileTrust(Set.of(Stat.ROOT), ROOTS_GROUP, false, "the agent is root");
    }

    /// The user of this process and root are trusted.
    public static FileTrust ofThisUser() {
        return Stat.isRoot() ? ofRoot() : ofThisUser(ROOTS_GROUP);
    }

    private static FileTrust ofThisUser(Set<Integer> groups) {
        return new FileTrust(
                Set.of(Stat.ROOT, Stat.myUid()),
                groups,
                false,
                "the agent is " + System.getProperty("user.name", "uid " + Stat.myUid()));
    }

    /// What this process writes: for [#objectionToWriting] and [#objectionToPlace]. Its user and
    /// root are trusted, and the user's private group.
    public static FileTrust ofWriter() {
        int me = Stat.myUid();
        if (me < 0) {
            return everyone(); // no POSIX system
        }
        if (me == Stat.ROOT) {
            return ofRoot();
        }
        int group = Stat.myGid();
        return ofThisUser(
                group != Stat.ROOT && Accounts.isPrivateGroup(group, me)
                        ? Set.of(Stat.ROOT, group)
                        : ROOTS_GROUP);
    }

    /// What code is held to in this process: root runs nothing that others can write.
    public static FileTrust ofThisProcess() {
        return Stat.isRoot() ? ofRoot() : everyone();
    }

    /// Whether anything can be refused.
    public boolean judges() {
        return !everyone;
    }

    /// Of one file or folder and the way to it. A path that leads nowhere is refused when others
    /// could make it lead somewhere.
    public Optional<Objection> objection(Path path) {
        Offences found = new Offences();
        if (!everyone) {
            var _ = follow(path, found);
        }
        return found.objection();
    }

    /// As [#objection] of a program, with each shared library that the loader takes for it, and
    /// with the places where others could put one that is found sooner.
    public Optional<Objection> objectionToProgram(Path path) {
        Offences found = new Offences();
        if (!everyone) {
            Path real = follow(path, found);
            if (real != null) {
                loaded(real, found);
            }
            shared(
                    path,
                    found,
                    () -> libraries.ofEveryProgram(found.loaded, each -> follow(each, found)));
        }
        return found.objection();
    }

    /// Of a folder and all that Python can import from it, at any depth, with what links in it lead
    /// to and what its native modules have loaded. Or of a file, such as a zip.
    public Optional<Objection> objectionToTree(Path folder) {
        Offences found = new Offences();
        if (!everyone) {
            Path real = follow(folder, found);
            if (real != null && found.enter(real)) {
                tree(real, found);
            }
        }
        return found.objection();
    }

    /// Of a folder and everything in it, whatever it is called.
    public Optional<Objection> objectionToAll(Path folder) {
        Offences found = new Offences();
        if (!everyone) {
            Path real = follow(folder, found);
            if (real != null) {
                loaded(real, found);
                if (found.enter(real)) {
                    new Walk(found, true, DEEPEST).folder(real, 0);
                }
            }
        }
        return found.objection();
    }

    /// Of a folder that the loader of programs searches for libraries: everything in it and a few
    /// levels below, where it keeps variants for processors.
    public Optional<Objection> objectionToLibraries(Path folder) {
        Offences found = new Offences();
        if (!everyone) {
            Path real = follow(folder, found);
            if (real != null) {
                loaded(real, found);
                if (found.enter(real)) {
                    new Walk(found, true, LIBRARY_LEVELS).folder(real, 0);
                }
            }
        }
        return found.objection();
    }

    /// Of a file that this process makes, appends to and renames: others must not be able to put a
    /// link in its place, now or when it is made anew. Its folder is one that others cannot add to.
    ///
    /// Root is particular about all of the way there; anybody else about each link on it, the
    /// folder and the file.
    public Optional<Objection> objectionToWriting(Path file) {
        Offences found = new Offences();
        @Nullable Path folder = file.toAbsolutePath().getParent();
        if (!everyone && folder != null) {
            Path real = follow(folder, found);
            var _ = follow(file, found);
            if (trusted.size() > 1) {
                found.all.removeIf(each ->
                        !each.link()
                                && each.unknown().isEmpty()
                                && !each.path().equals(real)
                                && !Objects.equals(each.path().getParent(), real));
            }
        }
        return found.objection();
    }

    /// Of a file that this process makes when nothing is there and never opens, such as a socket:
    /// others must not be able to replace it. So it may be in a sticky folder.
    public Optional<Objection> objectionToPlace(Path file) {
        Offences found = new Offences();
        @Nullable Path folder = file.toAbsolutePath().getParent();
        if (!everyone && folder != null) {
            var _ = follow(folder, found, false);
        }
        return found.objection();
    }

    private final class Offences {
        private final List<Offence> all = new ArrayList<>();

        /// Texts have an order: whoever names the files cannot make this slow.
        private final Set<String> known = new TreeSet<>();

        /// Programs and libraries whose own libraries were looked at.
        private final Set<Path> loaded = new HashSet<>();

        private final List<Path> trees = new ArrayList<>();

        void add(Optional<Offence> offence) {
            offence.filter(each -> known.add(each.toString())).ifPresent(all::add);
        }

        /// Whether what is in a folder has to be looked at: a folder that others need as it is, or
        /// somebody's home, is no place for this, whatever it holds, and much of that is other
        /// people's.
        boolean enter(Path folder) {
            if (judge(folder, true).filter(offence -> !offence.isCurable()).isPresent()) {
                return false;
            }
            trees.add(folder);
            return true;
        }

        Optional<Objection> objection() {
            return all.isEmpty() ? Optional.empty() : Optional.of(new Objection(all, trees, agent));
        }
    }

    // ---- the way

    /// @return where it leads; null = nowhere
    private @Nullable Path follow(Path path, Offences found) {
        return follow(path, found, true);
    }

    /// @param end whether it is for what it is, and not for what is below it
    private @Nullable Path follow(Path path, Offences found, boolean end) {
        Deque<Path> names = new ArrayDeque<>();
        Path absolute = path.toAbsolutePath();
        absolute.forEach(names::add);
        Path at = absolute.getRoot();
        int links = 0;
        found.add(judge(at, end && names.isEmpty()));
        while (!names.isEmpty()) {
            String name = names.removeFirst().toString();
            if (name.isEmpty() || name.equals(".")) {
                continue;
            }
            if (name.equals("..")) {
                @Nullable Path parent = at.getParent();
                at = parent == null ? at : parent;
                continue;
            }
            Path next = at.resolve(name);
            Stat stat;
            try {
                stat = Stat.ofLink(next);
            } catch (NoSuchFileException _) {
                // Whoever may write there can make it.
                found.add(
                        judge(at, true)
                                .map(there ->
                                        there.noted(
                                                "they could make "
                                                        + Objection.plain(next)
                                                        + ", which is looked for")));
                return null;
            } catch (IOException e) {
                found.add(unseen(next, e));
                return null;
            }
            if (!stat.isLink()) {
                found.add(judge(next, end && names.isEmpty()));
                at = next;
                continue;
            }
            found.add(judge(next, true));
            if (++links > MOST_LINKS) {
                found.add(Optional.of(Offence.unknown(next, "its links go round in a circle")));
                return null;
            }
            Path target;
            try {
                target = Files.readSymbolicLink(next);
            } catch (IOException e) {
                found.add(unseen(next, e));
                return null;
            }
            List<Path> more = new ArrayList<>();
            target.forEach(more::add);
            more.reversed().forEach(names::addFirst);
            if (target.isAbsolute()) {
                at = target.getRoot();
            }
        }
        // Names such as `..` may end on a folder that was only passed before.
        found.add(judge(at, end));
        return at;
    }

    private Optional<Offence> judge(Path path, boolean end) {
        return (end ? atTheEnd : onTheWay).computeIfAbsent(path, file -> look(file, end));
    }

    private Optional<Offence> look(Path path, boolean end) {
        Stat stat;
        try {
            stat = Stat.ofLink(path);
        } catch (IOException e) {
            return unseen(path, e);
        }
        boolean foreign = !trusted.contains(stat.uid());
        // A link has no rights of its own.
        boolean passable = stat.isLink() || (stat.isFolder() && stat.isSticky() && !end);
        boolean listed =
                !passable
                        && stat.groupWrites()
                        && groups.contains(stat.gid())
                        && AccessLists.isOn(path);
        boolean writable =
                !passable
                        && (stat.othersWrite()
                                || listed
                                || (stat.groupWrites() && !groups.contains(stat.gid())));
        return foreign || writable
                ? Optional.of(
                        new Offence(
                                path,
                                Stat.shown(path, stat, stat.isLink()),
                                Stat.owner(path, stat, stat.isLink()),
                                stat.isLink(),
                                foreign,
                                writable,
                                listed,
                                writable && SharedFolders.isShared(path, stat),
                                foreign && SharedFolders.isInHome(path, homes()),
                                "",
                                ""))
                : Optional.empty();
    }

    /// What the loader takes for a program or a library. Of anything else: nothing.
    private void loaded(Path file, Offences found) {
        shared(file, found, () -> libraries.each(file, found.loaded, each -> follow(each, found)));
    }

    private static void shared(Path file, Offences found, Runnable look) {
        try {
            look.run();
        } catch (UncheckedIOException e) {
            found.add(
                    Optional.of(
                            Offence.unknown(
                                    file,
                                    "its shared libraries cannot be looked at: " + e.getCause())));
        }
    }

    private List<Path> homes() {
        List<Path> known = homes;
        if (known == null) {
            known = Accounts.homes();
            homes = known;
        }
        return known;
    }

    private static Optional<Offence> unseen(Path path, IOException why) {
        return Optional.of(Offence.unknown(path, "it cannot be looked at: " + reason(why)));
    }

    /// The JDK says the commonest ones by their class alone.
    private static String reason(IOException why) {
        return switch (why) {
            case AccessDeniedException _ -> "permission denied";
            case NoSuchFileException _ -> "it is gone";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> String.valueOf(why.getMessage());
        };
    }

    // ---- what is below

    private void tree(Path real, Offences found) {
        List<Offence> known = trees.get(real);
        if (known == null) {
            Offences inside = new Offences();
            new Walk(inside, false, DEEPEST).folder(real, 0);
            known = List.copyOf(inside.all);
            trees.put(real, known);
        }
        known.forEach(offence -> found.add(Optional.of(offence)));
    }

    private final class Walk {
        private final Offences found;
        private final Set<Path> visited = new HashSet<>();
        private final boolean all;
        private final int deepest;
        private int entries;

        /// @param all also what has no name of a module
        /// @param deepest what is below is not looked at; when that is [#DEEPEST], it is an offence
        Walk(Offences found, boolean all, int deepest) {
            this.found = found;
            this.all = all;
            this.deepest = deepest;
        }

        /// @param folder without links on the way to it
        void folder(Path folder, int depth) {
            if (!visited.add(folder)
                    || !Files.isDirectory(folder)
                    || (depth > deepest && deepest < DEEPEST)) {
                return;
            }
            if (depth > DEEPEST || entries > MOST_ENTRIES) {
                found.add(
                        Optional.of(
                                Offence.unknown(folder, "there is too much in it to look at all")));
                return;
            }
            try (DirectoryStream<Path> inside = Files.newDirectoryStream(folder)) {
                for (Path entry : inside) {
                    entries++;
                    entry(entry, depth);
                }
            } catch (DirectoryIteratorException e) {
                unlisted(folder, Objects.requireNonNull(e.getCause()));
            } catch (IOException e) {
                unlisted(folder, e);
            }
        }

        private void unlisted(Path folder, IOException why) {
            found.add(Optional.of(Offence.unknown(folder, "it cannot be listed: " + reason(why))));
        }

        private void entry(Path entry, int depth) throws IOException {
            String name = String.valueOf(entry.getFileName());
            boolean file = all || isImportable(name);
            boolean folder = all || name.indexOf('.') < 0 || SEARCHED.matcher(name).matches();
            if (!file && !folder) {
                return; // no name of a module
            }
            Stat stat;
            try {
                stat = Stat.ofLink(entry);
            } catch (NoSuchFileException _) {
                return;
            }
            if (stat.isFolder()) {
                found.add(
                        judge(entry, true)
                                .map(open -> all || !open.writable() ? open : open.noted(PACKAGE)));
                folder(entry, depth + 1);
            } else if (stat.isLink()) {
                if (file || Files.isDirectory(entry)) {
                    Path real = follow(entry, found);
                    if (real != null) {
                        library(entry, name);
                        folder(real, depth + 1);
                    }
                }
            } else if (file) {
                found.add(judge(entry, true));
                library(entry, name);
            }
        }

        private void library(Path entry, String name) {
            if (name.endsWith(".so") || LIBRARY.matcher(name).matches()) {
                loaded(entry, found);
            }
        }
    }

    private static boolean isImportable(String name) {
        int dot = name.lastIndexOf('.');
        return dot >= 0
                && (IMPORTABLE.contains(name.substring(dot + 1).toLowerCase(Locale.ROOT))
                        || LIBRARY.matcher(name).matches());
    }
}
