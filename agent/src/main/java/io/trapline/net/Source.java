package io.trapline.net;

import io.helidon.common.socket.PeerInfo;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.security.Principal;
import java.security.cert.Certificate;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/// Who is at the other end of a connection, as far as limits tell senders apart: of this host its
/// user, of others the address. Of an IPv6 address the first 64 bits count: the rest is its owner's
/// to choose.
///
/// @param text such as `10.0.0.7`, `2001:db8:0:7:0:0:0:0`, `user 1000`, `socket user web`; `this
///   host` when the user is not known
public record Source(String text) implements Comparable<Source> {
    private static final Source THIS_HOST = new Source("this host");
    private static final int PREFIX_BYTES = 8;

    /// Asked of the kernel once a connection: on loopback for the user's number, of a Unix socket
    /// for the user.
    static Source of(SocketChannel connection) {
        try {
            SocketAddress remote = connection.getRemoteAddress();
            if (remote instanceof InetSocketAddress peer
                    && connection.getLocalAddress() instanceof InetSocketAddress local) {
                return of(peer, local);
            }
            return new Source(
                    "socket user "
                            + connection
                                    .getOption(ExtendedSocketOptions.SO_PEERCRED)
                                    .user()
                                    .getName());
        } catch (IOException | UnsupportedOperationException _) {
            return THIS_HOST;
        }
    }

    private static Source of(InetSocketAddress peer, InetSocketAddress local) {
        if (!isOfThisHost(peer.getAddress(), local.getAddress())) {
            return of(peer);
        }
        // Not the address: whoever is on this host has all of 127.0.0.0/8 to come from.
        OptionalInt user = PeerUser.of(peer, local);
        return user.isPresent()
                ? new Source("user " + Integer.toUnsignedString(user.getAsInt()))
                : THIS_HOST;
    }

    /// A connection from one of this host's addresses to itself counts as loopback does.
    private static boolean isOfThisHost(@Nullable InetAddress peer, @Nullable InetAddress local) {
        return peer != null && (peer.isLoopbackAddress() || peer.equals(local));
    }

    /// Of a request: what was found when its connection was made.
    public static Source of(PeerInfo peer) {
        return peer instanceof Identified known
                ? known.source
                : peer.address() instanceof InetSocketAddress address ? of(address) : THIS_HOST;
    }

    private static Source of(InetSocketAddress peer) {
        InetAddress address = peer.getAddress();
        return address == null ? new Source(peer.getHostString()) : of(address);
    }

    /// When nothing but the address is known.
    public static Source of(InetAddress address) {
        return address.isLoopbackAddress()
                ? THIS_HOST
                : new Source(prefix(address).getHostAddress());
    }

    /// Of an IPv6 address its first 64 bits, of others all of it; loopback stays as it is.
    static InetAddress prefix(InetAddress address) {
        if (!(address instanceof Inet6Address) || address.isLoopbackAddress()) {
            return address;
        }
        byte[] bytes = address.getAddress();
        Arrays.fill(bytes, PREFIX_BYTES, bytes.length, (byte) 0);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("16 bytes are an address", e);
        }
    }

    @Override
    public int compareTo(Source other) {
        return text.compareTo(other.text);
    }

    @Override
    public String toString() {
        return text;
    }

    /// A peer as the server knows it, with its source.
    record Identified(PeerInfo peer, Source source) implements PeerInfo {
        @Override
        public SocketAddress address() {
            return peer.address();
        }

        @Override
        public String host() {
            return peer.host();
        }

        @Override
        public int port() {
            return peer.port();
        }

        @Override
        public Optional<Principal> tlsPrincipal() {
            return peer.tlsPrincipal();
        }

        @Override
        public Optional<Certificate[]> tlsCertificates() {
            return peer.tlsCertificates();
        }
    }
}
