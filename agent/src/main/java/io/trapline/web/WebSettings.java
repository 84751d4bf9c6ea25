package io.trapline.web;

import io.trapline.config.ConfTable;
import java.util.List;
import java.util.Locale;

/// `[web]`: who may look at the pages.
///
/// @param openReading whether a request from this host reads without the admin token
/// @param hosts further names under which people open the pages
public record WebSettings(boolean openReading, List<String> hosts) {
    public static final WebSettings DEFAULT = new WebSettings(true, List.of());

    public WebSettings {
        hosts = List.copyOf(hosts);
    }

    public static WebSettings read(ConfTable web) {
        String accepted = "a list of host names without port, such as [\"trapline.example\"]";
        List<String> hosts = web.texts("hosts", accepted).orElse(List.of());
        for (String host : hosts) {
            if (!host.matches("[A-Za-z0-9_.-]+")) {
                web.error("hosts", host + " is no host name; accepted: " + accepted);
            }
        }
        WebSettings settings =
                new WebSettings(
                        web.flag("open_reading").orElse(true),
                        hosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList());
        web.done();
        return settings;
    }
}
