package io.trapline.web;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/// Which `Host` headers are for us. A page of another site can have its own name resolve to this
/// host's address (DNS rebinding) and then counts as the same origin; what it cannot do is send an
/// address, `localhost`, or a name that is this host's own or the operator's.
public final class Hosts {
    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("\\[[0-9a-f:.%]+]");
    private static final Pattern PORT = Pattern.compile(":\\d{1,5}$");

    private final Set<String> names = new TreeSet<>();
    private final Supplier<List<String>> more;

    /// @param own what `[http] listen` names, and what this host is called
    /// @param more `[web] hosts`, in lower case
    public Hosts(Supplier<List<String>> more, String... own) {
        this.more = more;
        for (String name : own) {
            names.add(name.toLowerCase(Locale.ROOT));
        }
    }

    /// @param header `name`, `name:port`, `1.2.3.4:port`, `[::1]:port`
    public boolean admits(Optional<String> header) {
        String name = PORT.matcher(header.orElse("").toLowerCase(Locale.ROOT)).replaceFirst("");
        return name.equals("localhost")
                || name.endsWith(".localhost")
                || IPV4.matcher(name).matches()
                || IPV6.matcher(name).matches()
                || (!name.isEmpty() && (names.contains(name) || more.get().contains(name)));
    }
}
