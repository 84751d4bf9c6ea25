package io.trapline.ingest;

import io.helidon.http.Header;
import io.helidon.webserver.http.ServerRequest;
import io.trapline.net.OldHttp;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// Where a request comes from.
public final class Peer {
    /// What proxies, load balancers and content networks tell whom they forward for. A proxy on
    /// this host is a loopback peer, whose clients may be anywhere.
    private static final Set<String> FORWARDING =
            Set.of(
                    "forwarded",
                    "via",
                    "cdn-loop",
                    "max-forwards",
                    "client-ip",
                    "x-remote-ip",
                    "x-remote-addr",
                    "x-originating-ip",
                    "x-host",
                    "x-coming-from",
                    "x-proxyuser-ip",
                    "x-appengine-user-ip",
                    "x-rewrite-url",
                    "x-scheme",
                    "x-amz-cf-id");

    private static final Pattern FORWARDING_FORM =
            Pattern.compile(
                    "x-forward.*|forwarded-.*|x-original-.*|x-envoy-.*|cf-.*|x-azure-.*|x-arr-.*"
                            + "|.*(client|real|true|remote|source|user|origin|connecting)[-_]?ip(v?[46])?");

    private Peer() {}

    /// From this host itself: a loopback peer (or a Unix socket) that forwards for nobody. HTTP/1.0
    /// counts as forwarded: it is what nginx speaks to the server behind it unless told otherwise,
    /// with no header of its own ([io.trapline.net.HttpConnections] adds `Via`).
    public static boolean isLocal(ServerRequest request) {
        for (Header header : request.headers()) {
            if (isForwarding(header.headerName().lowerCase())) {
                return false;
            }
        }
        return !(request.remotePeer().address() instanceof InetSocketAddress peer)
                || (peer.getAddress() != null && peer.getAddress().isLoopbackAddress());
    }

    /// Of a request that came over loopback and counts as another host's all the same: why, as a
    /// sentence that starts with `; `. Empty for others.
    public static String forwarded(ServerRequest request) {
        if (!(request.remotePeer().address() instanceof InetSocketAddress peer)
                || peer.getAddress() == null
                || !peer.getAddress().isLoopbackAddress()) {
            return "";
        }
        for (Header header : request.headers()) {
            String name = header.headerName().lowerCase();
            if (isForwarding(name)) {
                boolean old = name.equals("via") && header.get().equals(OldHttp.VIA);
                return "; it counts as forwarded for somebody elsewhere, since "
                        + (old
                                ? "it is HTTP/1.0, which proxies speak: send HTTP/1.1"
                                : "it has the header "
                                        + name.replaceAll("[^a-z0-9-]", "?")
                                        + ", which proxies add");
            }
        }
        return "";
    }

    private static boolean isForwarding(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return FORWARDING.contains(lower) || FORWARDING_FORM.matcher(lower).matches();
    }

    /// The peer's address, without its port.
    public static String address(ServerRequest request) {
        return request.remotePeer().address() instanceof InetSocketAddress peer
                        && peer.getAddress() != null
                ? peer.getAddress().getHostAddress()
                : "local";
    }
}
