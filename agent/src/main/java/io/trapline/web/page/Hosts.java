package io.trapline.web.page;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Which `Host` headers are for us. A page of another site can have its own name resolve to this
/// host's address (DNS rebinding) and then counts as the same origin; what it cannot do is send an
/// address, `localhost`, or the name that the operator listens on.
final class Hosts {
    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("\\[[0-9a-f:.%]+]");
    private static final Pattern PORT = Pattern.compile(":\\d{1,5}$");

    private final Set<String> names;

    /// @param listen what `[http] listen` names
    Hosts(String listen) {
        names = Set.of(listen.toLowerCase(Locale.ROOT));
    }

    /// @param header `name`, `name:port`, `1.2.3.4:port`, `[::1]:port`
    boolean admits(Optional<String> header) {
        String name = PORT.matcher(header.orElse("").toLowerCase(Locale.ROOT)).replaceFirst("");
        return name.equals("localhost")
                || name.endsWith(".localhost")
                || IPV4.matcher(name).matches()
                || IPV6.matcher(name).matches()
                || names.contains(name);
    }
}
