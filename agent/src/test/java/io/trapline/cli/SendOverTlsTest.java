package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import io.trapline.net.BoundServer;
import io.trapline.net.ConnectionLimits;
import io.trapline.net.HttpConnections;
import io.trapline.net.ListenSettings;
import io.trapline.net.ServerTls;
import io.trapline.net.TlsFiles;
import io.trapline.net.TlsFixture;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// `push send` and `trap send` to receivers that speak TLS, and to some that do not.
class SendOverTlsTest {
    private static final String OK =
            "{\"code\":\"200\",\"message\":\"success\",\"result\":\"true\"}";
    private static final int UNREACHABLE = 5;

    @TempDir private Path folder;
    private Path token;
    private String ca;
    private ServerTls tls;
    private BoundServer secure;
    private BoundServer plain;
    private String err = "";

    @BeforeEach
    void start() throws Exception {
        token = Files.writeString(folder.resolve("token"), "secret\n");
        ca = TlsFixture.copy("ca.pem", folder.resolve("ca.pem")).toString();
        TlsFiles files = TlsFixture.pair(folder, "ec", "ec");
        tls =
                ServerTls.open(
                        "test", () -> files, InstantSource.system(), Duration.ofDays(1), () -> {});
        secure = receiver(Optional.of(files), Optional.of(tls));
        plain = receiver(Optional.empty(), Optional.empty());
    }

    private static BoundServer receiver(Optional<TlsFiles> files, Optional<ServerTls> with)
            throws Exception {
        return BoundServer.start(
                WebServer.builder()
                        .routing(routing ->
                                routing.post("/v2/push/", (_, response) -> response.send(OK))
                                        .post(
                                                "/module/httptrap/*",
                                                (_, response) ->
                                                        response.send(
                                                                "{\"stats\":1,\"filtered\":0}"))),
                new HttpConnections(
                        8 << 10,
                        16 << 10,
                        ConnectionLimits.of(64, ConnectionLimits.Urgent.NOTHING)),
                new ListenSettings("127.0.0.1", 0, files, false),
                with,
                "core");
    }

    @AfterEach
    void stop() {
        secure.close();
        plain.close();
        tls.close();
    }

    private int run(String... arguments) {
        StringWriter errText = new StringWriter();
        CommandLine line = Cli.commandLine();
        line.setOut(new PrintWriter(new StringWriter(), true));
        line.setErr(new PrintWriter(errText, true));
        int code = line.execute(arguments);
        err = errText.toString();
        return code;
    }

    private int push(String server, String... more) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "push",
                                "send",
                                "--server",
                                server,
                                "--token-file",
                                token.toString(),
                                "--retry-for",
                                "0",
                                "--body",
                                "{\"data_id\":7,\"data\":[{\"metrics\":{\"a\":1},\"target\":\"t\"}]}"));
        arguments.addAll(Arrays.asList(more));
        return run(arguments.toArray(String[]::new));
    }

    private String at(String host) {
        return "https://" + host + ":" + secure.port();
    }

    @Test
    void a_receiver_with_a_certificate_of_the_named_authority_is_sent_to() throws Exception {
        Path url =
                Files.writeString(folder.resolve("url"), at("127.0.0.1") + "/module/httptrap/u/s");
        assertThat(push(at("127.0.0.1"), "--ca", ca)).as(err).isZero();
        assertThat(push(at("localhost"), "--ca", ca)).as(err).isZero();
        assertThat(
                        run(
                                "trap",
                                "send",
                                "--url-file",
                                url.toString(),
                                "--ca",
                                ca,
                                "--body",
                                "{\"a\":1}"))
                .as(err)
                .isZero();
    }

    @Test
    void one_that_nobody_trusted_issued_is_not() {
        assertThat(push(at("127.0.0.1"))).isEqualTo(UNREACHABLE);
        assertThat(err)
                .contains("issued by nobody that is trusted here; name its issuer's PEM file");
        assertThat(push(at("127.0.0.1"), "--no-verify")).as(err).isZero();
    }

    @Test
    void one_that_is_for_another_name_is_not() throws Exception {
        TlsFixture.pair(folder, "self", "self");
        tls.lookNow();
        String self = folder.resolve("pair.pem").toString();
        assertThat(push(at("127.0.0.1"), "--ca", self)).isEqualTo(UNREACHABLE);
        assertThat(err).contains("the receiver's certificate is for another name than 127.0.0.1");
    }

    @Test
    void one_that_has_expired_is_not() throws Exception {
        TlsFixture.pair(folder, "expired", "expired");
        tls.lookNow();
        String own = folder.resolve("pair.pem").toString();
        assertThat(push(at("127.0.0.1"), "--ca", own)).isEqualTo(UNREACHABLE);
        assertThat(err).containsAnyOf("certificate has expired", "is for another name");
    }

    @Test
    void the_wrong_scheme_is_recognised() {
        assertThat(push("https://127.0.0.1:" + plain.port(), "--ca", ca)).isEqualTo(UNREACHABLE);
        assertThat(err).contains("does not speak TLS there; an address with http:// may be right");
        assertThat(push("http://127.0.0.1:" + secure.port())).isEqualTo(UNREACHABLE);
        assertThat(err).contains("the receiver speaks TLS there; its address begins with https://");
    }

    @Test
    void a_file_that_is_no_certificate_is_a_mistake_of_usage() {
        assertThat(push(at("127.0.0.1"), "--ca", token.toString())).isEqualTo(2);
        assertThat(err).contains("holds no certificate; accepted: PEM");
        assertThat(push(at("127.0.0.1"), "--ca", "/nowhere.pem")).isEqualTo(2);
        assertThat(err).contains("--ca /nowhere.pem: there is no such file");
        assertThat(push(at("127.0.0.1"), "--ca", ca, "--no-verify")).isEqualTo(2);
        assertThat(err).contains("--ca and --no-verify together: leave one out");
    }
}
