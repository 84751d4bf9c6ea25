package io.trapline.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// Who is in a group, as far as `/etc/passwd` and `/etc/group` say.
final class Accounts {
    private Accounts() {}

    /// Whether a group is a user's private one, as most systems make one for each user: of the same
    /// name, with nobody else in it. Unknown = no.
    static boolean isPrivateGroup(int gid, int uid) {
        try {
            List<String[]> users = read("/etc/passwd");
            String name =
                    users.stream()
                            .filter(user -> user.length > 3 && user[2].equals(text(uid)))
                            .map(user -> user[0])
                            .findFirst()
                            .orElse("");
            boolean shared =
                    users.stream()
                            .anyMatch(user ->
                                    user.length > 3
                                            && user[3].equals(text(gid))
                                            && !user[2].equals(text(uid)));
            return !name.isEmpty()
                    && !shared
                    && read("/etc/group").stream()
                            .anyMatch(group ->
                                    group.length > 2
                                            && group[0].equals(name)
                                            && group[2].equals(text(gid))
                                            && hasOnly(group, name));
        } catch (IOException _) {
            return false;
        }
    }

    /// The home directories of users other than root, without those that are a folder of the
    /// system's (`/`, `/bin`).
    static List<Path> homes() {
        try {
            return read("/etc/passwd").stream()
                    .filter(user -> user.length > 5 && !user[2].equals("0"))
                    .map(user -> user[5])
                    .filter(home -> home.startsWith("/") && home.indexOf('\0') < 0)
                    .map(Path::of)
                    .filter(home -> home.getNameCount() > 1)
                    .distinct()
                    .toList();
        } catch (IOException _) {
            return List.of();
        }
    }

    private static boolean hasOnly(String[] group, String name) {
        return group.length < 4
                || Arrays.stream(group[3].split(","))
                        .map(String::strip)
                        .allMatch(member -> member.isEmpty() || member.equals(name));
    }

    private static List<String[]> read(String file) throws IOException {
        return Files.readAllLines(Path.of(file), StandardCharsets.ISO_8859_1).stream()
                .map(line -> line.split(":", -1))
                .toList();
    }

    private static String text(int number) {
        return Integer.toString(number);
    }
}
