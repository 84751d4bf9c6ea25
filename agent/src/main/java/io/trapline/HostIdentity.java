package io.trapline;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/// What this machine is called, for the tags that say where a point came from.
///
/// @param name the host's name
/// @param ip its first IPv4 address that is not loopback; absent when it has none
/// @param id stays the same as long as the machine is the same
public record HostIdentity(String name, Optional<String> ip, String id) {

    /// Asks the kernel, the network interfaces and `/etc/machine-id`.
    public static HostIdentity ofThisMachine() {
        String name =
                firstLine(Path.of("/proc/sys/kernel/hostname"))
                        .orElseGet(HostIdentity::nameOfLocalAddress);
        // machine-id(5) asks not to publish the id itself.
        String machine = firstLine(Path.of("/etc/machine-id")).orElse(name);
        UUID id = UUID.nameUUIDFromBytes(("trapline:" + machine).getBytes(StandardCharsets.UTF_8));
        return new HostIdentity(name, address(), id.toString());
    }

    HostIdentity named(String other) {
        return new HostIdentity(other, ip, id);
    }

    private static Optional<String> firstLine(Path file) {
        try {
            return Files.readString(file)
                    .lines()
                    .map(String::strip)
                    .findFirst()
                    .filter(line -> !line.isEmpty());
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private static String nameOfLocalAddress() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException _) {
            return "localhost";
        }
    }

    private static Optional<String> address() {
        try {
            return NetworkInterface.networkInterfaces()
                    .filter(HostIdentity::isUp)
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(Inet4Address.class::isInstance)
                    .filter(address -> !address.isLoopbackAddress())
                    .filter(address -> !address.isLinkLocalAddress())
                    .map(InetAddress::getHostAddress)
                    .findFirst();
        } catch (SocketException _) {
            return Optional.empty();
        }
    }

    private static boolean isUp(NetworkInterface network) {
        try {
            return network.isUp() && !network.isLoopback();
        } catch (SocketException _) {
            return false;
        }
    }
}
