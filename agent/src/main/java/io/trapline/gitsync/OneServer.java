package io.trapline.gitsync;

import org.eclipse.jgit.transport.CredentialItem;
import org.eclipse.jgit.transport.URIish;
import org.eclipse.jgit.transport.UsernamePasswordCredentialsProvider;
import org.jspecify.annotations.Nullable;

/// User and password for the server they were written for, whatever it redirects to.
final class OneServer extends UsernamePasswordCredentialsProvider {
    private final URIish server;

    OneServer(URIish server, String user, String password) {
        super(user, password);
        this.server = server;
    }

    @Override
    public boolean get(URIish asking, CredentialItem... items) {
        return same(server.getHost(), asking.getHost())
                && same(server.getScheme(), asking.getScheme())
                && server.getPort() == asking.getPort()
                && super.get(asking, items);
    }

    private static boolean same(@Nullable String a, @Nullable String b) {
        return a != null && a.equalsIgnoreCase(b);
    }
}
