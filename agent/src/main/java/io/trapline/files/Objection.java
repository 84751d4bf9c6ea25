package io.trapline.files;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Why something is not trusted: each file that somebody else could change, and how to mend all.
///
/// @param offences at least one
/// @param agent whose trust it was: `the agent is root`
public record Objection(List<Offence> offences, String agent) {
    private static final int MOST_SHOWN = 10;

    public Objection {
        offences = List.copyOf(offences);
    }

    /// One file or folder that is not as it should be.
    ///
    /// @param shown owner and mode
    /// @param foreign belongs to somebody who is not trusted
    /// @param writable somebody who is not trusted may write it
    /// @param listed because of its access control list
    /// @param unknown it could not be looked at: why; empty = it could
    record Offence(
            Path path,
            String shown,
            boolean link,
            boolean foreign,
            boolean writable,
            boolean listed,
            String unknown) {
        static Offence unknown(Path path, String why) {
            return new Offence(path, "", false, false, false, false, why);
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
                + cure();
    }

    private static String shown(Offence offence) {
        return offence.unknown.isEmpty()
                ? offence.path + " (" + offence.shown + ")"
                : offence.path + " (" + offence.unknown + ")";
    }

    private String cure() {
        List<String> commands = new ArrayList<>();
        add(commands, "chown root", o -> o.foreign && !o.link);
        add(commands, "chown -h root", o -> o.foreign && o.link);
        add(commands, "setfacl -b", Offence::listed);
        add(commands, "chmod go-w", o -> o.writable && !o.listed);
        return commands.isEmpty()
                ? ", as far as can be known; check it with namei -l"
                : "; run " + String.join(" && ", commands);
    }

    private void add(
            List<String> commands, String command, java.util.function.Predicate<Offence> which) {
        String paths =
                offences.stream()
                        .filter(which)
                        .map(offence -> " " + quoted(offence.path))
                        .collect(Collectors.joining());
        if (!paths.isEmpty()) {
            commands.add(command + paths);
        }
    }

    /// For a shell.
    static String quoted(Path path) {
        return "'" + path.toString().replace("'", "'\\''") + "'";
    }
}
