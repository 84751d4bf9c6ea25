package io.trapline.web.page;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The scripts and the stylesheet, each at an address that changes with its content, so that a
/// browser may keep it for ever. Read when they are first asked for.
final class Assets {
    static final String PATH = "/ui/assets/";

    private static final Map<String, String> TYPES =
            Map.of(
                    "echarts.min.js", "text/javascript; charset=utf-8",
                    "numbers.js", "text/javascript; charset=utf-8",
                    "htmx.min.js", "text/javascript; charset=utf-8",
                    "page.js", "text/javascript; charset=utf-8",
                    "manage.js", "text/javascript; charset=utf-8",
                    "page.css", "text/css; charset=utf-8",
                    "icon.svg", "image/svg+xml");

    private static final Map<String, Asset> READ = new ConcurrentHashMap<>();

    private Assets() {}

    private static final class Asset {
        final String hash;
        final byte[] content;

        Asset(String hash, byte[] content) {
            this.hash = hash;
            this.content = content;
        }
    }

    /// The address of one of ours, for templates.
    static String url(String name) {
        return PATH + asset(name).hash + "/" + name;
    }

    static void serve(ServerRequest request, ServerResponse response) {
        String name = request.path().pathParameters().get("name");
        String type = TYPES.get(name);
        if (type == null) {
            response.next();
            return;
        }
        Asset asset = asset(name);
        if (!asset.hash.equals(request.path().pathParameters().get("hash"))) {
            response.next();
            return;
        }
        response.header(HeaderNames.CONTENT_TYPE, type)
                .header(HeaderNames.CACHE_CONTROL, "public, max-age=31536000, immutable")
                .send(asset.content);
    }

    private static Asset asset(String name) {
        return READ.computeIfAbsent(name, Assets::read);
    }

    private static Asset read(String name) {
        try (InputStream in = Assets.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing from the program's jar");
            }
            byte[] content = in.readAllBytes();
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return new Asset(HexFormat.of().formatHex(hash, 0, 8), content);
        } catch (IOException e) {
            throw new UncheckedIOException(name + " cannot be read from the program's jar", e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
