package io.trapline.files;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Why something is not trusted: each file that somebody else could change, and how to mend all.
///
/// The commands stand at the end of the text and nothing follows them, so that they can be pasted.
/// None of them touches what the system or other people need as it is: folders that are
/// everybody's, and what is in somebody's home directory. What stands before says what to do there,
/// and that whoever could write a file may have done so already.
///
/// @param offences at least one, of each path one
/// @param trees folders that were refused with all that is in them
/// @param agent whose trust it was: `the agent is root`
public record Objection(List<Offence> offences, List<Path> trees, String agent) {
    private static final int MOST_SHOWN = 10;

    /// From so many on, one command for the whole folder.
    private static final int MANY = 5;

    private static final int MOST_NAMED = 200;

    public Objection {
        Map<Path, Offence> each = new LinkedHashMap<>();
        offences.forEach(offence -> each.merge(offence.path, offence, Offence::and));
        offences = List.copyOf(each.values());
        trees = List.copyOf(new LinkedHashSet<>(trees));
    }

    /// All of them as one, with one cure.
    ///
    /// @param all at least one, of the same agent
    public static Objection of(Collection<Objection> all) {
        return new Objection(
                all.stream().flatMap(each -> each.offences.stream()).toList(),
                all.stream().flatMap(each -> each.trees.stream()).toList(),
                all.iterator().next().agent);
    }

    /// The same, of what is one folder: where much is wrong in it, it is cured as a whole.
    public Objection within(Path tree) {
        List<Path> more = new ArrayList<>(trees);
        more.add(tree);
        return new Objection(offences, more, agent);
    }

    /// One file or folder that is not as it should be.
    ///
    /// @param shown owner and mode
    /// @param owner the owner's name
    /// @param foreign belongs to somebody who is not trusted
    /// @param writable somebody who is not trusted may write it
    /// @param listed because of its access control list
    /// @param shared it is meant to be written by many: taking that away would break the machine
    /// @param home it is somebody's home directory or in one, and stays that user's
    /// @param note what makes it matter, where that is not plain; empty = it is
    /// @param unknown it could not be looked at: why; empty = it could
    record Offence(
            Path path,
            String shown,
            String owner,
            boolean link,
            boolean foreign,
            boolean writable,
            boolean listed,
            boolean shared,
            boolean home,
            String note,
            String unknown) {
        static Offence unknown(Path path, String why) {
            return new Offence(path, "", "", false, false, false, false, false, false, "", why);
        }

        Offence noted(String text) {
            return new Offence(
                    path, shown, owner, link, foreign, writable, listed, shared, home, text,
                    unknown);
        }

        private Offence and(Offence other) {
            return new Offence(
                    path,
                    shown.isEmpty() ? other.shown : shown,
                    owner.isEmpty() ? other.owner : owner,
                    link || other.link,
                    foreign || other.foreign,
                    writable || other.writable,
                    listed || other.listed,
                    shared || other.shared,
                    home || other.home,
                    note.isEmpty() ? other.note : note,
                    unknown.isEmpty() ? other.unknown : unknown);
        }

        /// Whether a command cures it that harms nobody.
        boolean isCurable() {
            return unknown.isEmpty() && !shared && !home;
        }
    }

    /// A sentence for the operator.
    ///
    /// @param subject what is refused
    /// @param verb what is not done with it: `run`, `read`
    public String message(Object subject, String verb) {
        return subject + " is not " + verb + ": " + because();
    }

    /// As [#message], without the subject.
    public String because() {
        String which =
                offences.stream()
                        .limit(MOST_SHOWN)
                        .map(Objection::shown)
                        .collect(Collectors.joining(", "));
        int more = offences.size() - MOST_SHOWN;
        return agent
                + " and others can write "
                + which
                + (more > 0 ? " and " + more + " more" : "")
                + advice()
                + cure();
    }

    private static String shown(Offence offence) {
        return plain(offence.path)
                + " ("
                + (offence.unknown.isEmpty() ? offence.shown : offence.unknown)
                + (offence.note.isEmpty() ? "" : "; " + offence.note)
                + ")";
    }

    // ---- what no command cures, and what to think of before one

    private String advice() {
        StringBuilder text = new StringBuilder();
        String shared = named(Offence::shared);
        if (!shared.isEmpty()) {
            text.append("; others need ")
                    .append(shared)
                    .append(
                            " as it is: move what is named here into a folder of its own, away from"
                                    + " there, that nobody else can write");
        }
        Set<String> owners = new LinkedHashSet<>();
        boolean home = false;
        for (Offence offence : offences) {
            if (offence.foreign && !offence.owner.isEmpty()) {
                owners.add(offence.owner);
            }
            home |= offence.home;
        }
        if (!owners.isEmpty()) {
            text.append("; the way out without risk: make it anew as root in a folder of root's (a")
                    .append(" virtual environment with python3 -m venv), or run the agent as ")
                    .append(String.join(" or ", owners));
        }
        if (home) {
            text.append("; it stands in a home directory, which stays its user's: move it out");
        }
        if (offences.stream().anyMatch(Offence::isCurable)) {
            text.append("; look at what is in it first: others may have changed it already");
        }
        return text.toString();
    }

    private String named(Predicate<Offence> which) {
        return offences.stream()
                .filter(which)
                .limit(MOST_SHOWN)
                .map(offence -> quoted(offence.path))
                .collect(Collectors.joining(", "));
    }

    // ---- the commands

    private String cure() {
        List<Offence> curable = offences.stream().filter(Offence::isCurable).toList();
        List<String> commands = new ArrayList<>();
        List<Offence> owned = add(commands, "chown -hR root", of(curable, Offence::foreign));
        add(commands, "chown root", of(owned, o -> !o.link));
        add(commands, "chown -h root", of(owned, Offence::link));
        List<Offence> lists = add(commands, "setfacl -R -b", of(curable, Offence::listed));
        add(commands, "setfacl -b", lists);
        List<Offence> modes =
                add(commands, "chmod -R go-w", of(curable, o -> o.writable && !o.listed));
        add(commands, "chmod go-w", modes);
        if (!commands.isEmpty()) {
            return "; run " + String.join(" && ", commands);
        }
        return offences.stream().allMatch(offence -> !offence.unknown.isEmpty())
                ? ", as far as can be known; check it with namei -l"
                : "";
    }

    private static List<Offence> of(List<Offence> all, Predicate<Offence> which) {
        return all.stream().filter(which).toList();
    }

    /// Adds a command for the paths; one with `R` for those folders alone in which there are many.
    ///
    /// @return what it does not cure
    private List<Offence> add(List<String> commands, String command, List<Offence> which) {
        List<Offence> left = new ArrayList<>(which);
        List<Path> paths;
        if (command.contains("R ")) {
            paths = new ArrayList<>();
            for (Path tree : trees) {
                if (left.stream().filter(o -> o.path.startsWith(tree)).count() >= MANY
                        && isCuredWhole(tree)) {
                    paths.add(tree);
                    left.removeIf(o -> o.path.startsWith(tree));
                }
            }
        } else {
            paths = left.stream().limit(MOST_NAMED).map(Offence::path).toList();
        }
        if (!paths.isEmpty()) {
            commands.add(
                    command
                            + paths.stream()
                                    .map(path -> " " + quoted(path))
                                    .collect(Collectors.joining()));
        }
        return left;
    }

    private boolean isCuredWhole(Path tree) {
        return !SharedFolders.isOfSystem(tree)
                && offences.stream()
                        .filter(offence -> offence.path.startsWith(tree))
                        .noneMatch(offence -> offence.shared || offence.home);
    }

    /// For a shell.
    static String quoted(Path path) {
        String text = path.toString();
        if (text.chars().noneMatch(Objection::isControl)) {
            return "'" + text.replace("'", "'\\''") + "'";
        }
        StringBuilder out = new StringBuilder("$'");
        text.chars()
                .forEach(c -> {
                    if (isControl(c)) {
                        out.append(c < 0x80 ? "\\x%02x".formatted(c) : "\\u%04x".formatted(c));
                    } else if (c == '\'' || c == '\\') {
                        out.append('\\').append((char) c);
                    } else {
                        out.append((char) c);
                    }
                });
        return out.append('\'').toString();
    }

    /// A path on one line, whatever it is called.
    public static String plain(Path path) {
        String text = path.toString();
        return text.chars().noneMatch(Objection::isControl) ? text : quoted(path);
    }

    /// What ends a line or steers a terminal.
    private static boolean isControl(int c) {
        return Character.isISOControl(c) || c == 0x2028 || c == 0x2029;
    }
}
