package io.trapline.forward;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/// Reads the addresses that people write: with or without scheme, with or without path.
public final class Addresses {
    private Addresses() {}

    /// @param path what an address without one gets
    /// @throws IllegalArgumentException with what is wrong with it; shows nothing of it
    public static URI complete(String text, String path) {
        String stripped = text.strip();
        URI uri;
        try {
            uri = new URI(stripped.contains("://") ? stripped : "http://" + stripped);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("no address (" + e.getReason() + ")", e);
        }
        // Where "://" comes after a sign that no scheme has, there is none.
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new IllegalArgumentException("the scheme is neither http nor https");
        }
        if (uri.getHost() == null || uri.getHost().isEmpty()) {
            throw new IllegalArgumentException("no host");
        }
        if (uri.getUserInfo() != null || uri.getFragment() != null) {
            throw new IllegalArgumentException("user names and fragments have no meaning here");
        }
        boolean bare = uri.getRawPath().isEmpty() || uri.getRawPath().equals("/");
        return bare && uri.getRawQuery() == null ? uri.resolve(path) : uri;
    }

    /// Scheme, host and port alone.
    static String withoutPath(URI uri) {
        return uri.getScheme() + "://" + uri.getRawAuthority();
    }
}
