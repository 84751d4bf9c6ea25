package io.trapline.net;

import io.trapline.config.ConfTable;
import io.trapline.config.HostPort;
import java.util.Optional;

/// Where a listener listens, and whether with TLS.
///
/// @param host address to bind
/// @param port 0 = any free one
/// @param insecure whether it may be reachable from other machines without TLS
public record ListenSettings(String host, int port, Optional<TlsFiles> tls, boolean insecure) {

    /// Without TLS.
    public static ListenSettings plain(String host, int port) {
        return new ListenSettings(host, port, Optional.empty(), false);
    }

    /// Reads `listen tls_cert tls_key insecure`; what is absent is as in `base`.
    public static ListenSettings read(ConfTable table, ListenSettings base) {
        ListenSettings at = base.at(table.endpoint("listen"));
        return new ListenSettings(
                at.host,
                at.port,
                TlsFiles.read(table, "tls_cert", "tls_key").or(base::tls),
                table.flag("insecure").orElse(base.insecure));
    }

    /// The same elsewhere, if that is given.
    public ListenSettings at(Optional<HostPort> place) {
        return new ListenSettings(
                place.map(HostPort::host).orElse(host),
                place.map(HostPort::port).orElse(port),
                tls,
                insecure);
    }

    /// The same with TLS, if that is given.
    public ListenSettings with(Optional<TlsFiles> files) {
        return new ListenSettings(host, port, files.or(this::tls), insecure);
    }

    /// Why it must not be opened: other machines would reach it, in plain text, and nobody said
    /// that this is meant.
    public Optional<String> refusal(String section) {
        return insecure || tls.isPresent() || new HostPort(host, port).isLoopback()
                ? Optional.empty()
                : Optional.of(
                        ("other machines can reach this address, and everything would pass in plain"
                                        + " text; accepted: tls_cert and tls_key below %s, or"
                                        + " insecure = true there when the network is trusted, or a"
                                        + " loopback address such as \"127.0.0.1:%d\"")
                                .formatted(section, port));
    }

    /// `http://host:port` or `https://host:port`.
    ///
    /// @param bound the port that was really bound
    public String address(int bound) {
        return (tls.isPresent() ? "https://" : "http://") + new HostPort(host, bound);
    }
}
