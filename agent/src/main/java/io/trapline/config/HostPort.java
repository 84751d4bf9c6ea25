package io.trapline.config;

import java.net.Inet4Address;
import java.net.InetAddress;

/// Where to listen: an IP address, never a name, and a port.
///
/// @param host an IPv4 or IPv6 literal without brackets; `localhost` is read as 127.0.0.1
/// @param port 0 = any free one
public record HostPort(String host, int port) {
    public HostPort {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is not between 0 and 65535");
        }
    }

    /// @throws IllegalArgumentException with what is wrong with it
    public static HostPort parse(String text) {
        String trimmed = text.strip();
        int colon = trimmed.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException(trimmed.isEmpty() ? "empty" : "no port");
        }
        String host = trimmed.substring(0, colon);
        boolean brackets = host.startsWith("[") && host.endsWith("]");
        if (brackets) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("an IPv6 address needs brackets");
        }
        if (host.isEmpty()) {
            throw new IllegalArgumentException("no address before the port");
        }
        return new HostPort(address(host), port(trimmed.substring(colon + 1)));
    }

    public boolean isLoopback() {
        return InetAddress.ofLiteral(host).isLoopbackAddress();
    }

    /// As [#parse] reads it.
    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    private static String address(String host) {
        if (host.equalsIgnoreCase("localhost")) {
            return "127.0.0.1";
        }
        try {
            InetAddress address = InetAddress.ofLiteral(host);
            return address instanceof Inet4Address ? address.getHostAddress() : host;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(host + " is not an IP address", e);
        }
    }

    private static int port(String text) {
        if (text.isEmpty() || text.length() > 5 || !text.chars().allMatch(Character::isDigit)) {
            throw new IllegalArgumentException(
                    "port " + text + " is not a number between 0 and 65535");
        }
        return Integer.parseInt(text);
    }
}
