"""Formats, encodings, digests and databases."""

import base64
import binascii
import bz2
import codecs
import configparser
import csv
import gzip
import hashlib
import hmac
import html
import io
import json
import lzma
import os
import pickle
import struct
import tempfile
import uuid
import zlib
from xml.etree import ElementTree

from compat import case, raised, run
from datakit_framework import DataKitFramework


class Data(DataKitFramework):
    interval = 10

    def run(self):
        run(self, __name__)


@case
def json__written():
    value = {"b": [1, 2.5, None, True], "a": "ü\n\u2028", "n": float("nan"), 3: 10**20}
    return [json.dumps(value), json.dumps(value, sort_keys=False, indent=1, ensure_ascii=False), json.dumps([1], separators=(",", ":")), raised(json.dumps, {1, 2})]


@case
def json__read():
    text = '{"a": [1, 1.0, 1e3, -0.0, true, null], "b": "\\u00fc\\ud83d\\ude00", "big": 123456789012345678901234567890}'
    return {"value": json.loads(text), "wrong": raised(json.loads, '{"a": 1,}')[:15], "hook": json.loads('{"a": 1.10}', parse_float=str)}


@case
def csv__read_and_written():
    rows = list(csv.reader(io.StringIO('a,"b ""q"" c",\r\n1,"x\ny",3\r\n')))
    out = io.StringIO()
    writer = csv.DictWriter(out, ["x", "y"], delimiter=";", quoting=csv.QUOTE_MINIMAL)
    writer.writeheader()
    writer.writerow({"x": 'has ";"', "y": None})
    return {"rows": rows, "out": out.getvalue(), "dicts": list(csv.DictReader(io.StringIO("k;v\na;1\n"), delimiter=";")), "sniffed": csv.Sniffer().sniff("a|b|c\n1|2|3\n").delimiter}


@case
def configparser__sections_and_interpolation():
    parser = configparser.ConfigParser()
    parser.read_string("[DEFAULT]\nbase = /opt\n[a]\npath = %(base)s/x\nn = 5\non = yes\nlist =\n  one\n  two\n")
    out = io.StringIO()
    parser.write(out)
    return {"path": parser["a"]["path"], "n": parser.getint("a", "n"), "on": parser.getboolean("a", "on"), "list": parser["a"]["list"], "none": raised(parser.get, "b", "x"), "out": out.getvalue()}


@case
def xml__elements():
    root = ElementTree.fromstring('<r xmlns:n="urn:n"><a k="1">t<b/>tail</a><n:c>&lt;é</n:c></r>')
    found = {"path": [each.get("k") for each in root.findall(".//a")], "tail": root.find("a/b").tail, "space": root.find("{urn:n}c").text}
    ElementTree.SubElement(root, "new").text = "x & y"
    return dict(found, out=ElementTree.tostring(root), wrong=raised(ElementTree.fromstring, "<a>").split(":")[0])


@case
def xml__step_by_step():
    events = [(event, element.tag) for event, element in ElementTree.iterparse(io.BytesIO(b"<a><b/><c/></a>"), ("start", "end"))]
    return events


@case
def xml__minidom_and_sax():
    import xml.dom.minidom
    import xml.sax

    class Names(xml.sax.ContentHandler):
        found = []

        def startElement(self, name, attributes):
            self.found.append((name, dict(attributes)))

    handler = Names()
    xml.sax.parseString(b'<a x="1"><b/></a>', handler)
    return {"dom": xml.dom.minidom.parseString("<a><b>t</b></a>").getElementsByTagName("b")[0].firstChild.data, "sax": handler.found}


@case
def html__escaping_and_parsing():
    from html.parser import HTMLParser

    class Links(HTMLParser):
        found = []

        def handle_starttag(self, tag, attributes):
            self.found.append((tag, attributes))

    links = Links()
    links.feed('<p class=x><a href="/y?a=1&amp;b">t</a><br/>')
    return {"escaped": html.escape("<a href='x'>&"), "plain": html.unescape("&eacute;&#38;"), "found": links.found}


@case
def plistlib__there_and_back():
    import plistlib

    return plistlib.loads(plistlib.dumps({"a": [1, True, b"x"]}))


@case
def tomllib__a_file():
    try:
        import tomllib
    except ImportError:
        return "python3 older than 3.11"
    return tomllib.loads('[a]\nb = [1, 2.5]\nd = 2024-07-04T05:06:07Z\n')


@case
def struct__packing():
    return [struct.pack(">IhB", 1, -2, 255), struct.unpack("<q", b"\x01" + b"\x00" * 7), struct.calcsize("@ib"), struct.unpack_from("!4s", b"xxabcd", 2), raised(struct.pack, "B", 300)]


@case
def base64__and_relatives():
    return [base64.b64encode(b"\xff\xfe"), base64.urlsafe_b64encode(b"\xff\xfe"), base64.b64decode("aGk="), base64.b32encode(b"hi"), base64.b85encode(b"hello"), binascii.hexlify(b"\x00\xff"), raised(base64.b64decode, "a")]


@case
def hashlib__digests():
    names = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256")
    return {name: hashlib.new(name, b"data").hexdigest() for name in names}


@case
def hashlib__blake2():
    return raised(lambda: hashlib.new("blake2b", b"data").hexdigest())


@case
def hashlib__keys_from_passwords():
    return hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 10).hex()


@case
def hmac__signatures():
    return {"hex": hmac.new(b"key", b"message", "sha256").hexdigest(), "same": hmac.compare_digest(b"a", b"a")}


@case
def zlib__streams_and_sums():
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = packer.compress(b"a" * 1000) + packer.flush()
    return {"crc": zlib.crc32(b"data"), "adler": zlib.adler32(b"data"), "back": zlib.decompress(raw, -15) == b"a" * 1000, "wrong": raised(zlib.decompress, b"no").split(":")[0]}


@case
def gzip__there_and_back():
    path = os.path.join(tempfile.mkdtemp(), "f.gz")
    with gzip.open(path, "wt") as file:
        file.write("one\ntwo\n")
    with gzip.open(path, "rt") as file:
        return {"lines": file.readlines(), "memory": gzip.decompress(gzip.compress(b"x" * 1000)) == b"x" * 1000, "fixed": gzip.compress(b"", mtime=0)[:4]}


@case
def bz2__there_and_back():
    return bz2.decompress(bz2.compress(b"data" * 100)) == b"data" * 100


@case
def lzma__there_and_back():
    return lzma.decompress(lzma.compress(b"data" * 100)) == b"data" * 100


@case
def pickle__there_and_back():
    value = {"a": (1, 2.5, None), "b": {3}, "c": b"x", "d": 10**30}
    return [pickle.loads(pickle.dumps(value, protocol)) == value for protocol in range(6)]


@case
def copy__deep_and_shallow():
    import copy

    value = [[1]]
    deep, shallow = copy.deepcopy(value), copy.copy(value)
    value[0].append(2)
    return {"deep": deep, "shallow": shallow}


@case
def codecs__texts():
    return [codecs.encode("hello", "rot13"), "é".encode("utf-16-le"), "naïve".encode("ascii", "xmlcharrefreplace"), b"\xff\xfea\x00".decode("utf-16"), "ß".encode("cp1252"), raised(lambda: b"\xff".decode()), codecs.lookup("UTF8").name]


@case
def unicodedata__characters():
    import unicodedata

    return [unicodedata.name("é"), unicodedata.normalize("NFD", "é") == "e\u0301", unicodedata.category("5"), "ǅ".lower(), "straße".upper(), "ﬁ".casefold()]


@case
def email__written_and_read():
    import email
    from email.message import EmailMessage

    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Größe", "a@b", "c@d"
    message.set_content("text\n")
    message.add_attachment(b"\x00\x01", maintype="application", subtype="x", filename="f")
    back = email.message_from_bytes(bytes(message), policy=email.policy.default)
    return {"subject": back["Subject"], "parts": [part.get_content_type() for part in back.walk()], "body": back.get_body().get_content()}


@case
def email__dates_and_addresses():
    import email.utils

    return [email.utils.parseaddr("A B <a@b>"), email.utils.formatdate(0), email.utils.parsedate_to_datetime("Thu, 04 Jul 2024 05:06:07 +0200").isoformat()]


@case
def mimetypes__guesses():
    import mimetypes

    return [mimetypes.guess_type("a.html"), mimetypes.guess_type("a.tar.gz"), mimetypes.guess_extension("text/plain")]


@case
def quopri__and_uu():
    import quopri

    return [quopri.encodestring("é=".encode()), quopri.decodestring(b"=C3=A9")]


@case
def uuid__kinds():
    return {"five": str(uuid.uuid5(uuid.NAMESPACE_DNS, "a.b")), "three": str(uuid.uuid3(uuid.NAMESPACE_URL, "a")), "four": uuid.uuid4().version, "one": uuid.uuid1().version, "int": uuid.UUID(int=5).hex}


@case
def secrets__of_some_length():
    import secrets

    return [len(secrets.token_hex(8)), len(secrets.token_bytes(5)), secrets.randbelow(1), secrets.compare_digest("a", "a")]


@case
def sqlite3__a_database():
    def database():
        import sqlite3

        with sqlite3.connect(":memory:") as connection:
            connection.execute("create table t (a integer, b text)")
            connection.executemany("insert into t values (?, ?)", [(1, "x"), (2, None)])
            connection.row_factory = sqlite3.Row
            return [tuple(row) for row in connection.execute("select * from t order by a desc")]

    return raised(database)


@case
def dbm__a_file():
    import dbm.dumb

    path = os.path.join(tempfile.mkdtemp(), "d")
    with dbm.dumb.open(path, "c") as kept:
        kept["a"] = "1"
    with dbm.dumb.open(path) as kept:
        return kept[b"a"]


@case
def shelve__a_file():
    import shelve

    def kept():
        path = os.path.join(tempfile.mkdtemp(), "s")
        with shelve.open(path) as shelf:
            shelf["a"] = [1, 2]
        with shelve.open(path) as shelf:
            return shelf["a"]

    return raised(kept)


@case
def array__and_memoryview():
    import array

    numbers = array.array("i", [1, 2, 3])
    view = memoryview(bytearray(b"abc"))
    view[0] = 0x7A
    return {"sum": sum(numbers), "size": numbers.itemsize, "bytes": len(numbers.tobytes()), "view": bytes(view)}


@case
def netrc__a_file():
    import netrc

    path = os.path.join(tempfile.mkdtemp(), "n")
    with open(path, "w") as file:
        file.write("machine h login l password p\n")
    return netrc.netrc(path).authenticators("h")
