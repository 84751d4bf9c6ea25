"""The framework rows (F) of the compatibility contract, against a recording server. Run: python3 -m unittest"""

import datetime
import decimal
import fractions
import http.server
import json
import os
import socket
import sys
import tempfile
import threading
import unittest
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ["HOME"] = tempfile.mkdtemp()
# A proxy that does not answer: nothing for loopback may go there.
os.environ["http_proxy"] = "http://127.0.0.1:1"

import datakit_framework  # noqa: E402
from datakit_framework import DataKitFramework  # noqa: E402


class Recorder(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.requests.append((self.path, self.headers.get("Content-Type"), body))
        status, text = self.server.answers.pop(0) if self.server.answers else (200, "")
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args):
        pass


class Collector(DataKitFramework):
    pass


P = {"measurement": "p", "fields": {"f": 1}}


class Documentation(unittest.TestCase):
    def test_every_reporting_method_explains_each_of_its_arguments(self):
        import inspect

        for name in dir(DataKitFramework):
            if not (name.startswith("feed_") or name == "report"):
                continue
            method = getattr(DataKitFramework, name)
            text = inspect.getdoc(method) or ""
            if name == "feed_system_event":
                text += inspect.getdoc(DataKitFramework.feed_user_event)
            for parameter in inspect.signature(method).parameters:
                if parameter not in ("self", "kwargs"):
                    self.assertIn(parameter, text, name)
            self.assertIn("self.%s(" % name, text, "an example of " + name)
        for key in ("M", "L", "R", "O", "CO", "E", "precision", "input", "ignore_global_tags", "version"):
            self.assertIn(key, DataKitFramework.report.__doc__)


class UserFiles(unittest.TestCase):
    def test_the_files_that_datakit_names_can_be_switched_off(self):
        file = os.path.join(tempfile.mkdtemp(), "a.log")
        os.environ["TRAPLINE_DATAKIT_FILES"] = "no"
        try:
            datakit_framework._append_log(file, "x")
            self.assertFalse(os.path.exists(file))
        finally:
            del os.environ["TRAPLINE_DATAKIT_FILES"]
        datakit_framework._append_log(file, "x")
        self.assertTrue(os.path.exists(file))


class FrameworkRows(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
        self.server.requests, self.server.answers = [], []
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.it = Collector(ip="127.0.0.1", port=self.server.server_port)
        self.lines = []
        datakit_framework._hooks.log = self.lines.append

    def tearDown(self):
        datakit_framework._hooks.log = None
        self.server.shutdown()
        self.server.server_close()

    def sent(self, path, point, result):
        """One request was made: to the path, with the point exactly as its text is (key order counts)."""
        self.assertEqual("", result)
        self.assertTrue(result.ok)
        self.assertEqual(200, result.status_code)
        self.assertEqual([(path, "application/json", json.dumps([point]))], self.server.requests)

    def refused(self, argument, call):
        with self.assertRaisesRegex(ValueError, 'arguments missing "%s"' % argument):
            call()
        self.assertEqual([], self.server.requests)

    def fields(self):
        return json.loads(self.server.requests[-1][2])[0]["fields"]

    def test_F001(self):
        reply = self.it.feed_metric(measurement="m", fields={"a": 1})
        self.sent("/v1/write/metric", {"measurement": "m", "tags": None, "fields": {"a": 1}, "time": None}, reply)

    def test_F002(self):
        reply = self.it.feed_metric("inp", "m", {"t": "v"}, {"f": 1})
        point = {"measurement": "m", "tags": {"t": "v"}, "fields": {"f": 1}, "time": None}
        self.sent("/v1/write/metric?input=inp", point, reply)

    def test_F004(self):
        self.refused("fields", lambda: self.it.feed_metric(measurement="m"))

    def test_F005(self):
        self.refused("fields", lambda: self.it.feed_metric(measurement="m", fields={}, b=2))

    def test_F007(self):
        fields = {"a": 1}
        self.it.feed_metric(measurement="m", fields=fields, b=2)
        self.assertEqual({"a": 1, "b": 2}, self.fields())
        self.assertEqual({"a": 1}, fields)

    def test_F008(self):
        reply = self.it.feed_logging(source="s")
        point = {"measurement": "s", "tags": None, "fields": {"message": None}, "time": None}
        self.sent("/v1/write/logging", point, reply)

    def test_one_value_that_can_not_be_reported_leaves_the_rest(self):
        circle = {}
        circle["again"] = circle
        bad = {
            "huge": 10**400,
            "too long for text": -(10**5000),
            "signaling": decimal.Decimal("sNaN"),
            "among others": [10**400, 1],
        }
        self.it.feed_metric(measurement="m", fields={**bad, "circle": circle, "good": 1, "half": fractions.Fraction(1, 2)})
        fields = self.fields()
        self.assertNotIn("huge", fields)
        self.assertNotIn("too long for text", fields)
        self.assertEqual([1], fields["among others"])
        self.assertEqual((1, 0.5), (fields["good"], fields["half"]))
        self.assertTrue([line for line in self.lines if "huge" in line])

    def test_parameters_that_are_false_are_not_given(self):
        self.it.report({"M": [P], "precision": "", "input": None, "ignore_global_tags": 0, "version": False})
        self.assertEqual("/v1/write/metric", self.server.requests[0][0])

    def test_a_large_report_reaches_the_agent_in_parts_and_in_order(self):
        sent = []

        def report(instance, text):
            sent.append(text)
            return (400, "bad") if '"n": 70' in text else (200, "")

        datakit_framework._hooks.report = report
        self.addCleanup(setattr, datakit_framework._hooks, "report", None)
        points = [{"measurement": "m", "fields": {"n": n, "text": "x" * 200_000}} for n in range(100)]
        reply = Collector().report({"L": points})
        self.assertEqual(("bad", False, 400), (str(reply), reply.ok, reply.status_code))
        self.assertLess(max(map(len, sent)), 5 << 20)
        together = [point["fields"]["n"] for text in sent for point in json.loads(text)["points"]]
        self.assertEqual(list(range(100)), together)

    def test_a_point_that_is_too_large_for_the_agent_is_refused_and_named(self):
        datakit_framework._hooks.report = lambda instance, text: self.fail("sent")
        self.addCleanup(setattr, datakit_framework._hooks, "report", None)
        reply = Collector().feed_logging(source="s", message="x" * (49 << 20))
        self.assertEqual((False, 413), (reply.ok, reply.status_code))
        self.assertIn("datakit.bodyTooLarge", self.lines[-1])

    def test_F010(self):
        self.refused("source", lambda: self.it.feed_logging(message="m"))

    def test_F011(self):
        reply = self.it.feed_object(cls="c", name="n", fields={"a": 1})
        point = {"measurement": "c", "tags": {"name": "n"}, "fields": {"a": 1}, "time": None}
        self.sent("/v1/write/object", point, reply)

    def test_F013(self):
        self.it.feed_object(cls="c", fields={"a": 1})
        self.assertEqual({"name": None}, json.loads(self.server.requests[0][2])[0]["tags"])

    def test_F014(self):
        self.refused("fields", lambda: self.it.feed_object(cls="c", name="n"))

    def test_F016(self):
        reply = self.it.feed_user_event(df_user_id="u", df_status="ok", df_event_id="1", df_title="T")
        fields = {
            "df_date_range": 10,
            "df_source": "user",
            "df_user_id": "u",
            "df_status": "ok",
            "df_event_id": "1",
            "df_title": "T",
            "df_message": "",
        }
        self.sent("/v1/write/keyevent", {"measurement": "measurement", "tags": {}, "fields": fields}, reply)

    def test_F017(self):
        self.refused(
            "df_date_range",
            lambda: self.it.feed_user_event(
                df_user_id="u", tags={}, df_date_range=0, df_status="ok", df_event_id="1", df_title="T"
            ),
        )

    def test_F019(self):
        self.it.feed_user_event(
            df_user_id="u", tags={}, df_status="bogus", df_event_id="1", df_title="T", df_source="x"
        )
        self.assertEqual("bogus", self.fields()["df_status"])
        self.assertEqual("x", self.fields()["df_source"])

    def test_F020(self):
        self.it.feed_monitor_event('{"host":"w1"}', {"a": "b"}, 10, "ok", "1", "T")
        self.assertEqual("monitor", self.fields()["df_source"])
        self.assertEqual('{"host":"w1"}', self.fields()["df_dimension_tags"])
        self.assertNotIn("df_user_id", self.fields())

    def test_F022(self):
        self.it.feed_system_event({"a": "b"}, 10, "ok", "1", "T", "m")
        self.assertEqual("system", self.fields()["df_source"])
        self.assertNotIn("df_user_id", self.fields())
        self.assertNotIn("df_dimension_tags", self.fields())

    def test_F023_F025_F026(self):
        self.assertEqual("", self.it.report({}))
        self.assertIsNone(self.it.report({key: None for key in ("M", "L", "R", "O", "CO", "E")}))
        self.assertEqual("", self.it.report({"M": []}))
        self.assertEqual([], self.server.requests)

    def test_F028(self):
        self.sent("/v1/write/metric?ignore_global_tags=true", P, self.it.report({"M": [P], "ignore_global_tags": True}))

    def test_F029(self):
        self.it.report({"M": [P], "input": "a b&c#d"})
        self.assertEqual({"input": ["a b&c#d"]}, parse_qs(urlsplit(self.server.requests[0][0]).query))

    def test_F031(self):
        reply = self.it.report({"M": [{"measurement": "a", "fields": {"f": float("nan"), "g": 1}}]})
        self.sent("/v1/write/metric", {"measurement": "a", "fields": {"g": 1}}, reply)
        self.assertEqual(1, len(self.lines))

    def test_F032(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            reply = Collector(ip="127.0.0.1", port=unused.getsockname()[1]).report({"M": [P]})
        self.assertEqual("", reply)
        self.assertFalse(reply.ok)
        self.assertTrue(any("ConnectionRefused" in line for line in self.lines), self.lines)

    def test_F034(self):
        self.assertEqual("", self.it.set_lasterror("py", "boom"))
        path, _, body = self.server.requests[0]
        self.assertEqual(("/v1/lasterror", '{"input": "py", "err_content": "boom"}'), (path, body))

    def test_F035(self):
        self.assertEqual("", self.it.http_post_raw(self.it.construct_url("v1/write/metric"), "m f=1"))
        self.assertEqual([("/v1/write/metric", None, "m f=1")], self.server.requests)

    def test_F037(self):
        self.assertRaises(TypeError, DataKitFramework, "10.0.0.1")

    def test_F038(self):
        self.assertRaises(NotImplementedError, DataKitFramework().run)

    # ---- the quirks' rulings beyond the rows -----------------------------------------------------

    def test_order_and_last_text(self):
        self.server.answers[:] = [(400, "first"), (200, "")]
        reply = self.it.report({"L": [P], "M": [P]})
        self.assertEqual(["/v1/write/metric", "/v1/write/logging"], [path for path, _, _ in self.server.requests])
        self.assertEqual(("", False, 400), (reply, reply.ok, reply.status_code))

    def test_retries_what_may_work_later(self):
        self.server.answers[:] = [(503, "busy"), (429, "slower"), (200, "")]
        self.assertTrue(self.it.report({"M": [P]}).ok)
        self.assertEqual(3, len(self.server.requests))
        self.server.answers[:] = [(500, "1"), (500, "2"), (500, "3"), (200, "")]
        reply = self.it.report({"M": [P]})
        self.assertEqual(("3", 500), (reply, reply.status_code))

    def test_values_that_json_does_not_know(self):
        fields = {
            "d": decimal.Decimal("1.5"),
            "t": datetime.datetime(2024, 1, 2, 3, 4, 5),
            "b": b"raw",
            "s": {1},
            "o": object,
        }
        self.it.report({"M": [{"measurement": "a", "tags": {"n": 1, "b": True}, "fields": fields, "time": 1.5}]})
        point = json.loads(self.server.requests[0][2])[0]
        self.assertEqual({"n": "1", "b": "True"}, point["tags"])
        self.assertEqual(1_500_000_000, point["time"])
        expected = {"d": 1.5, "t": "2024-01-02T03:04:05", "b": "raw", "s": [1], "o": "<class 'object'>"}
        self.assertEqual(expected, point["fields"])

    def test_constructor_may_be_skipped(self):
        class Skips(DataKitFramework):
            def __init__(self):
                pass

        self.assertEqual("http://127.0.0.1:9529/v1/ping", Skips().construct_url("v1/ping"))

    def test_log_rotates_and_never_raises(self):
        path = os.path.join(os.environ["HOME"], "rotated.log")
        for _ in range(30):
            datakit_framework._append_log(path, "x" * 10_000)
        self.assertTrue(os.path.exists(path + ".2"))
        self.assertLess(os.path.getsize(path), 110_000)
        datakit_framework._append_log("/nowhere/at/all.log", "x")


if __name__ == "__main__":
    unittest.main()
