package io.trapline;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Chunked bodies, byte by byte, at the three doors of the packaged program: what is answered with
/// 200 is stored, once; what is refused is not, gets one answer, and ends the connection, so that
/// nothing of it can be taken for another request.
@Timeout(value = 180, unit = SECONDS)
class ChunkedBodiesIT {
    private static final String LONG = "x".repeat(5000);
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 ([0-9]{3}) ");

    /// In the templates: `{N}` the body's length in hexadecimal digits, `{B}` the body, `|` CR LF.
    private static final List<Case> TAKEN =
            List.of(
                    chunked("plain", "{N}|{B}|0||"),
                    chunked("extension", "{N};a=b|{B}|0||"),
                    chunked("extension without value", "{N};a|{B}|0||"),
                    chunked("quoted extension", "{N};a=\"b;c\"|{B}|0||"),
                    chunked("several extensions", "{N};a=b;c;d=\"e\"|{B}|0;f=g||"),
                    chunked("blank after the size", "{N} |{B}|0 ||"),
                    chunked("blanks around an extension", "{N}\t ; a = b\t|{B}|0||"),
                    chunked("leading zeros", "0000{N}|{B}|0000||"),
                    chunked("capital digits", "{U}|{B}|0||"),
                    chunked("trailer", "{N}|{B}|0|X: y||"),
                    chunked(
                            "trailers that look like framing",
                            "{N}|{B}|0|Content-Length: 7|Transfer-Encoding: chunked|Host: evil||"),
                    chunked("trailer without value", "{N}|{B}|0|X:||"),
                    chunked("extension and trailer", "{N};a=b|{B}|0;c|X: y|Z: \u00e9||"),
                    chunked("byte by byte", "{1}0||"),
                    new Case("capital coding", "Transfer-Encoding: Chunked|", "{N}|{B}|0||"),
                    new Case(
                            "gzip with trailer",
                            "Content-Encoding: gzip|Transfer-Encoding: chunked|",
                            "{GN};a=b|{G}|0|X: y||"));

    private static final List<Case> REFUSED =
            List.of(
                    chunked("sign", "+{N}|{B}|0||"),
                    chunked("minus", "-{N}|{B}|0||"),
                    chunked("prefix", "0x{N}|{B}|0||"),
                    chunked("blank before the size", " {N}|{B}|0||"),
                    chunked("no size", ";a=b|{B}|0||"),
                    chunked("no digit", "g|{B}|0||"),
                    chunked("empty line", "|{N}|{B}|0||"),
                    chunked("decimal point", "{N}.0|{B}|0||"),
                    chunked("text after a blank", "{N} a|{B}|0||"),
                    chunked("control after the size", "{N}\u000b|{B}|0||"),
                    chunked("control in an extension", "{N};a\u0000b|{B}|0||"),
                    chunked("bare LF after the size", "{N}\n{B}|0||"),
                    chunked("bare LF after an extension", "{N};a\n{B}|0||"),
                    chunked("bare CR after the size", "{N}\r{B}|0||"),
                    chunked("bare LF everywhere", "{N}\n{B}\n0\n\n"),
                    chunked("bare LF after the data", "{N}|{B}\n0||"),
                    chunked("nothing after the data", "{N}|{B}0||"),
                    chunked("data longer than its size", "{N}|{B}xx0||"),
                    chunked("overflow", "ffffffffffffffff|{B}|0||"),
                    chunked("cut off in a chunk of 4 GiB", "1{8N}|{B}").withoutEnd(),
                    chunked("too many digits", "0".repeat(17) + "{N}|{B}|0||"),
                    chunked("long extension", "{N};a=" + LONG + "|{B}|0||"),
                    chunked("trailer without colon", "{N}|{B}|0|X y||"),
                    chunked("trailer without name", "{N}|{B}|0|: y||"),
                    chunked("blank before the colon", "{N}|{B}|0|X : y||"),
                    chunked("folded trailer", "{N}|{B}|0|X: y| z||"),
                    chunked("bare LF in a trailer", "{N}|{B}|0|X: y\nZ: z||"),
                    chunked("bare LF at the end", "{N}|{B}|0|\n"),
                    chunked("long trailers", "{N}|{B}|0|" + ("X: " + LONG + "|").repeat(4) + "|"),
                    chunked("cut off in the data", "fff|{B}").withoutEnd(),
                    chunked("cut off after the data", "{N}|{B}|").withoutEnd(),
                    chunked("cut off before the trailers' end", "{N}|{B}|0|X: y|").withoutEnd(),
                    new Case(
                            "length and chunks",
                            "Content-Length: 5|Transfer-Encoding: chunked|",
                            "{N}|{B}|0||"),
                    new Case(
                            "chunks and length",
                            "Transfer-Encoding: chunked|Content-Length: 5|",
                            "{N}|{B}|0||"),
                    new Case(
                            "chunked twice",
                            "Transfer-Encoding: chunked|Transfer-Encoding: chunked|",
                            "{N}|{B}|0||"),
                    new Case(
                            "chunked inside a list",
                            "Transfer-Encoding: gzip, chunked|",
                            "{N}|{B}|0||"),
                    new Case("other coding", "Transfer-Encoding: xchunked|", "{N}|{B}|0||"),
                    new Case("identity", "Transfer-Encoding: identity|", "{N}|{B}|0||"),
                    new Case(
                            "control before the coding",
                            "Transfer-Encoding: \u000bchunked|",
                            "{N}|{B}|0||"),
                    new Case(
                            "blank before the header's colon",
                            "Transfer-Encoding : chunked|",
                            "{N}|{B}|0||"),
                    new Case("two lengths", "Content-Length: 5|Content-Length: 6|", "{B}"),
                    new Case("signed length", "Content-Length: +{D}|", "{B}"),
                    new Case("cut off before its length", "Content-Length: 9999|", "{B}")
                            .withoutEnd(),
                    new Case(
                            "gzip and a bad trailer",
                            "Content-Encoding: gzip|Transfer-Encoding: chunked|",
                            "{GN}|{G}|0|X y||"));

    private static Path folder;
    private static RunningAgent agent;
    private static int core;

    enum Door {
        WRITE,
        PUSH,
        TRAP;

        String line() {
            return switch (this) {
                case WRITE -> "POST /v1/write/metric?input=chunked";
                case PUSH -> "POST /v2/push/";
                case TRAP -> "PUT /module/httptrap/a9856a6a-3b46-e18b-d890-acafaa955348/mys3cr3t";
            };
        }

        String body(String name) {
            return switch (this) {
                case WRITE -> "[{\"measurement\":\"" + name + "\",\"fields\":{\"v\":1}}]";
                case PUSH ->
                        "{\"data_id\":1500101,\"access_token\":\"0123456789abcdef\",\"data\":[{"
                                + "\"metrics\":{\""
                                + name
                                + "\":1},\"target\":\"t\"}]}";
                case TRAP -> "{\"" + name + "\":1}";
            };
        }

        String stored() {
            return switch (this) {
                case WRITE ->
                        "select split_part(name, '.', 1) from metrics where source = 'http/chunked'";
                case PUSH -> "select name from metrics where source = 'push/1500101'";
                case TRAP -> "select name from metrics where source like 'trap/a9856a6a%'";
            };
        }

        int port() {
            return this == WRITE ? URI.create(agent.address()).getPort() : core;
        }
    }

    /// @param framing header lines
    /// @param ends whether a further request follows, else the client sends no more
    private record Case(String title, String framing, String body, boolean ends) {
        Case(String title, String framing, String body) {
            this(title, framing, body, true);
        }

        Case withoutEnd() {
            return new Case(title, framing, body, false);
        }

        String name() {
            return title.replaceAll("[^a-z0-9]", "_");
        }

        byte[] request(Door door) throws IOException {
            String sent = door.body(name());
            String zipped = gzip(sent);
            StringBuilder single = new StringBuilder();
            sent.chars().forEach(c -> single.append("1|").append((char) c).append('|'));
            String hex = Integer.toHexString(sent.length());
            String head = door.line() + " HTTP/1.1|Host: localhost|Content-Type: application/json|";
            String text =
                    (head + framing + "|" + body)
                            .replace("{1}", single)
                            .replace("|", "\r\n")
                            .replace("{D}", Integer.toString(sent.length()))
                            .replace("{N}", hex)
                            .replace("{8N}", "0".repeat(8 - hex.length()) + hex)
                            .replace("{U}", hex.toUpperCase(Locale.ROOT))
                            .replace("{GN}", Integer.toHexString(zipped.length()))
                            .replace("{B}", sent)
                            .replace("{G}", zipped);
            String next =
                    ends
                            ? "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            : "";
            return (text + next).getBytes(ISO_8859_1);
        }
    }

    private static Case chunked(String title, String body) {
        return new Case(title, "Transfer-Encoding: chunked|", body);
    }

    private static String gzip(String text) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(text.getBytes(ISO_8859_1));
        }
        return out.toString(ISO_8859_1);
    }

    @BeforeAll
    static void start(@TempDir Path temporary) throws Exception {
        folder = RunningAgent.home(temporary);
        Files.writeString(
                folder.resolve("conf.d/trapline.conf"),
                Files.readString(folder.resolve("conf.d/trapline.conf"))
                        + """
                        [[push]]
                        data_id = 1500101
                        access_token = "0123456789abcdef"
                        type = "time_series"
                        [[trap]]
                        id = "a9856a6a-3b46-e18b-d890-acafaa955348"
                        secret = "mys3cr3t"
                        """);
        agent = RunningAgent.start(folder);
        core = URI.create(agent.coreAddress()).getPort();
    }

    @AfterAll
    static void stop() {
        if (agent != null) {
            agent.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void what_is_answered_with_success_is_stored_once_and_the_rest_is_not(Door door)
            throws Exception {
        List<String> wrong = new ArrayList<>();
        List<String> kept = new ArrayList<>();
        for (Case each : TAKEN) {
            List<String> answers = statuses(exchange(door, each));
            kept.add(each.name());
            if (!answers.equals(List.of("200", "200"))) {
                wrong.add(each.title() + ": " + answers);
            }
        }
        for (Case each : REFUSED) {
            String answer = exchange(door, each);
            List<String> answers = statuses(answer);
            boolean refused =
                    answers.size() == 1
                            && List.of("400", "406", "501").contains(answers.getFirst())
                            && answer.toLowerCase(Locale.ROOT).contains("connection: close");
            if (!refused) {
                wrong.add(each.title() + ": " + answers);
            }
        }
        assertThat(wrong).isEmpty();
        await().atMost(30, SECONDS)
                .untilAsserted(() ->
                        assertThat(names(door)).containsExactlyElementsOf(new TreeSet<>(kept)));
    }

    private static List<String> names(Door door) throws Exception {
        List<String> names = new ArrayList<>();
        agent.query(door.stored() + " order by 1").forEach(row -> names.add(row.get(0).asText()));
        return names;
    }

    /// Everything that the server says until it closes.
    private static String exchange(Door door, Case each) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), door.port())) {
            socket.setSoTimeout(30_000);
            OutputStream out = socket.getOutputStream();
            out.write(each.request(door));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    private static List<String> statuses(String answer) {
        List<String> statuses = new ArrayList<>();
        Matcher matcher = STATUS.matcher(answer);
        while (matcher.find()) {
            statuses.add(matcher.group(1));
        }
        return statuses;
    }
}
