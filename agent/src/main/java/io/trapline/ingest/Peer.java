package io.trapline.ingest;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.net.InetSocketAddress;

/// Where a request comes from.
public final class Peer {
    private static final HeaderName FORWARDED_FOR = HeaderNames.create("X-Forwarded-For");
    private static final HeaderName REAL_IP = HeaderNames.create("X-Real-IP");

    private Peer() {}

    /// From this host itself: a loopback peer (or a Unix socket) that forwards for nobody.
    public static boolean isLocal(ServerRequest request) {
        if (request.headers().contains(FORWARDED_FOR) || request.headers().contains(REAL_IP)) {
            return false;
        }
        return !(request.remotePeer().address() instanceof InetSocketAddress peer)
                || (peer.getAddress() != null && peer.getAddress().isLoopbackAddress());
    }

    /// The peer's address, without its port.
    public static String address(ServerRequest request) {
        return request.remotePeer().address() instanceof InetSocketAddress peer
                        && peer.getAddress() != null
                ? peer.getAddress().getHostAddress()
                : "local";
    }
}
