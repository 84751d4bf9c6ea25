"""Sockets and protocols; all servers are on 127.0.0.1, on a port that is free."""

import ipaddress
import json
import os
import select
import selectors
import socket
import socketserver
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

from compat import case, raised, run
from datakit_framework import DataKitFramework

LOCAL = ("127.0.0.1", 0)


class Network(DataKitFramework):
    interval = 10

    def run(self):
        run(self, __name__)


def scripted(*exchanges, greeting=b""):
    """A server for one connection: says the greeting, then answers each line that it gets with the next text."""
    listener = socket.create_server(LOCAL)
    heard = []

    def serve():
        with listener, listener.accept()[0] as connection, connection.makefile("rb") as lines:
            connection.sendall(greeting)
            for answer in exchanges:
                heard.append(lines.readline().decode("latin-1").strip())
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return listener.getsockname()[1], heard


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        code = {"/missing": 404, "/moved": 302}.get(self.path, 200)
        body = json.dumps({"path": self.path, "agent": self.headers.get("X-Agent")}).encode()
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/there")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.end_headers()
        self.wfile.write(body[::-1])

    def log_message(self, *arguments):
        pass


class Web:
    def __init__(self, kind=ThreadingHTTPServer):
        self.server = kind(LOCAL, Pages)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return "http://127.0.0.1:%d" % self.server.server_port

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()


@case
def socket__tcp():
    port, heard = scripted(b"pong\n")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"ping\n")
        return {"answer": client.recv(100), "peer": client.getpeername()[0], "heard": heard}


@case
def socket__lines_like_telnet():
    port, _ = scripted(b"imok", greeting=b"welcome\r\n")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client, client.makefile("rw", newline="\r\n") as lines:
        greeting = lines.readline()
        lines.write("ruok\n")
        lines.flush()
        return {"greeting": greeting, "answer": lines.read(4)}


@case
def socket__udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        server.bind(LOCAL)
        server.settimeout(10)
        client.sendto(b"metric:1|c", server.getsockname())
        data, sender = server.recvfrom(100)
        return {"data": data, "sender": sender == ("127.0.0.1", client.getsockname()[1])}


@case
def socket__unix():
    path = os.path.join(tempfile.mkdtemp(), "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)
        connection, _ = server.accept()
        client.sendall(b"local")
        found = connection.recv(10)
        connection.close()
        return found


@case
def socket__pair():
    one, two = socket.socketpair()
    with one, two:
        one.sendall(b"x" * 1000)
        one.shutdown(socket.SHUT_WR)
        return len(b"".join(iter(lambda: two.recv(64), b"")))


@case
def socket__time_limit():
    with socket.create_server(LOCAL) as server, socket.create_connection(server.getsockname()) as client:
        client.settimeout(0.01)
        return raised(client.recv, 1)


@case
def socket__refused():
    with socket.create_server(LOCAL) as server:
        free = server.getsockname()
    with socket.socket() as client:
        return {"code": client.connect_ex(free), "error": raised(socket.create_connection, free)}


@case
def socket__options_and_addresses():
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(LOCAL)
        return {
            "reuse": bool(one.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)),
            "blocking": one.getblocking(),
            "aton": socket.inet_aton("10.0.0.1"),
            "pton": socket.inet_pton(socket.AF_INET6, "::1"),
            "order": (socket.htons(1), socket.ntohl(1)),
        }


@case
def socket__names():
    found = socket.getaddrinfo("127.0.0.1", 80, socket.AF_INET, socket.SOCK_STREAM)
    return {"info": [(int(family), int(kind), address) for family, kind, _, _, address in found], "host": socket.gethostbyname("localhost"), "service": socket.getservbyname("http"), "own": bool(socket.gethostname())}


@case
def socket__a_name_that_is_unknown():
    return raised(socket.getaddrinfo, "no such name", 80)[:25]


@case
def socket__thousands_that_are_not_closed():
    for _ in range(2500):
        socket.socket()
    with socket.create_server(LOCAL) as server, socket.create_connection(server.getsockname()) as client:
        client.sendall(b"x")
        return {"open": len(os.listdir("/proc/self/fd")) < 2000, "answer": server.accept()[0].recv(1)}


@case
def select__which_socket_is_ready():
    one, two = socket.socketpair()
    with one, two:
        before = select.select([one], [], [], 0)
        two.send(b"x")
        return {"before": before, "after": select.select([one], [two], [], 10)[0] == [one]}


@case
def select__poll():
    def polled():
        one, two = socket.socketpair()
        with one, two:
            poll = select.poll()
            poll.register(one, select.POLLIN)
            two.send(b"x")
            return [event for _, event in poll.poll(1000)]

    return raised(polled)


@case
def selectors__the_default_one():
    one, two = socket.socketpair()
    with one, two, selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, "data")
        two.send(b"x")
        return [(key.data, mask) for key, mask in selector.select(10)]


@case
def socketserver__threads():
    class Echo(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(self.rfile.readline().upper())

    with socketserver.ThreadingTCPServer(LOCAL, Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with socket.create_connection(server.server_address, timeout=10) as client:
            client.sendall(b"shout\n")
            found = client.recv(100)
        server.shutdown()
        return found


@case
def urllib__get_json():
    with Web() as base:
        request = urllib.request.Request(base + "/a?b=1", headers={"X-Agent": "trapline"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return {"code": answer.status, "type": answer.headers.get_content_type(), "body": json.load(answer)}


@case
def urllib__post_and_redirect():
    with Web() as base:
        posted = urllib.request.urlopen(base, data=urllib.parse.urlencode({"a": "b c"}).encode(), timeout=10)
        moved = urllib.request.urlopen(base + "/moved", timeout=10)
        return {"code": posted.status, "body": posted.read(), "moved": moved.geturl().replace(base, "")}


@case
def urllib__errors():
    with Web() as base:
        try:
            urllib.request.urlopen(base + "/missing", timeout=10)
        except urllib.error.HTTPError as error:
            code, body = error.code, error.read()
    return {"code": code, "body": body, "refused": raised(urllib.request.urlopen, base, timeout=10)}


@case
def urllib__parts_of_addresses():
    parts = urllib.parse.urlsplit("https://u:p@host:8443/a%20b;c?x=1&x=2#f")
    return {
        "parts": tuple(parts),
        "port": parts.port,
        "query": urllib.parse.parse_qs(parts.query),
        "quoted": urllib.parse.quote("a b/ü"),
        "joined": urllib.parse.urljoin("http://a/b/c", "../d"),
    }


@case
def http__client():
    import http.client

    with Web(HTTPServer) as base:
        connection = http.client.HTTPConnection(base[7:], timeout=10)
        connection.request("GET", "/x")
        answer = connection.getresponse()
        found = {"status": answer.status, "reason": answer.reason, "body": answer.read()}
        connection.close()
        return found


@case
def http__cookies():
    import http.cookies

    cookie = http.cookies.SimpleCookie("a=1; b=two")
    return sorted((name, value.value) for name, value in cookie.items())


@case
def ssl__contexts():
    import ssl

    context = ssl.create_default_context()
    return {"mode": context.verify_mode.name, "host": context.check_hostname, "sni": ssl.HAS_SNI, "minimum": context.minimum_version.name}


@case
def ssl__the_authorities_of_the_host():
    import ssl

    return {"there": len(ssl.create_default_context().get_ca_certs()) > 0}


@case
def socket__options_of_ip_and_flags():
    one, two = socket.socketpair()
    with one, two, socket.socket() as other:
        other.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 5)
        one.sendall(b"xy")
        return {
            "ttl": other.getsockopt(socket.IPPROTO_IP, socket.IP_TTL),
            "peeked": two.recv(1, socket.MSG_PEEK),
            "taken": two.recv(9, socket.MSG_DONTWAIT),
            "interface": socket.if_indextoname(socket.if_nametoindex("lo")),
            "all": socket.if_nameindex()[0],
            "none": raised(socket.if_nametoindex, "no-such"),
        }


@case
def ssl__a_server_that_speaks_no_tls():
    import ssl

    port, _ = scripted(b"HTTP/1.0 400 no\r\n\r\n")

    def connect():
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
            ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")

    return raised(connect).split(":")[0] in ("SSLError", "SSLEOFError", "ConnectionResetError", "TimeoutError")


@case
def smtplib__a_mail():
    import smtplib

    port, heard = scripted(b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", greeting=b"220 test\r\n")
    client = smtplib.SMTP("127.0.0.1", port, local_hostname="here", timeout=10)
    client.ehlo()
    client.mail("a@b")
    found = {"greeting": client.ehlo_resp, "rcpt": client.rcpt("c@d"), "heard": heard[:3]}
    client.close()
    return found


@case
def ftplib__a_welcome():
    import ftplib

    port, heard = scripted(b"331 name ok\r\n", b"230 in\r\n", b"257 \"/home\" is it\r\n", greeting=b"220 ftp\r\n")
    client = ftplib.FTP(timeout=10)
    client.connect("127.0.0.1", port)
    found = {"welcome": client.getwelcome(), "login": client.login("u", "p"), "folder": client.pwd(), "heard": heard}
    client.close()
    return found


@case
def poplib__and_imaplib():
    import imaplib
    import poplib

    port, _ = scripted(b"+OK\r\n", b"+OK 2 300\r\n", greeting=b"+OK pop\r\n")
    client = poplib.POP3("127.0.0.1", port, timeout=10)
    client.user("u")
    found = {"stat": client.stat()}
    client.close()
    return dict(found, imap=imaplib.IMAP4_PORT)


@case
def xmlrpc__there_and_back():
    import xmlrpc.client
    from xmlrpc.server import SimpleXMLRPCServer

    with SimpleXMLRPCServer(LOCAL, logRequests=False) as server:
        server.register_function(pow)
        threading.Thread(target=server.handle_request, daemon=True).start()
        with xmlrpc.client.ServerProxy("http://127.0.0.1:%d" % server.server_address[1]) as proxy:
            return proxy.pow(2, 10)


@case
def ipaddress__networks():
    network = ipaddress.ip_network("10.1.0.0/22")
    return {
        "hosts": network.num_addresses - 2,
        "in": ipaddress.ip_address("10.1.3.9") in network,
        "subnets": [str(each) for each in network.subnets(1)],
        "v6": ipaddress.ip_address("2001:db8::1").exploded,
        "private": ipaddress.ip_address("192.168.1.1").is_private,
        "wrong": raised(ipaddress.ip_address, "300.1.1.1"),
    }
