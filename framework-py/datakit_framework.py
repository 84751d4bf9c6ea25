"""What collectors import: `from datakit_framework import DataKitFramework`.

Standard library only, and nothing at import time that costs: a collector's interpreter should be up at once.

Inside a Trapline worker, reports for the agent's own endpoint go to the agent over the worker's bridge (see
`_hooks`), without HTTP. Anywhere else, or for a collector whose constructor names another place, they are posted to
`http://<ip>:<port>/v1/write/<category>`, with timeouts and a few retries.
"""

import json
import os
import sys
import time as _time

_CATEGORIES = (
    ("M", "metric"),
    ("L", "logging"),
    ("R", "rum"),
    ("O", "object"),
    ("CO", "custom_object"),
    ("E", "keyevent"),
)
_PARAMETERS = ("precision", "input", "ignore_global_tags", "version")

_TIMEOUT_SECONDS = 10
_RETRY_AFTER_SECONDS = (0.2, 0.5)  # a report is tried once more after each of these
_LONGEST_RETRY_AFTER = 2.0

_PART_CHARS = 4 << 20
_MOST_CHARS = 48 << 20

_LOG_BYTES = 100_000
_LOG_BACKUPS = 10


class _Hooks:
    """Set by the runner of a Trapline worker.

    report(instance, request_text) -> (status, body), or None outside a worker
    log(line) is told every line of `mylog`
    host, port: the agent's endpoint, the default target
    """

    report = None
    log = None
    host = "127.0.0.1"
    port = 9529


_hooks = _Hooks()


class Reply(str):
    """The text of the last response, as upstream returns it, which also knows how the report went.

    ok: everything was accepted. status_code: of the first request that failed, else of the last; 0 = no answer.
    """

    ok = True
    status_code = 0

    def __new__(cls, text="", ok=True, status_code=0):
        reply = super().__new__(cls, text)
        reply.ok = ok
        reply.status_code = status_code
        return reply


class DataKitFramework(object):
    """What a collector subclasses: set `interval`, override `run()`, and report in it with `feed_*` or `report()`.

        from datakit_framework import DataKitFramework

        class Queue(DataKitFramework):
            interval = 10

            def run(self):
                self.feed_metric(measurement="queue", tags={"name": "mail"}, fields={"length": 3})

    `name` is for people, `interval` is in seconds (a number; 10 when it is left out). The constructor takes `ip=` and
    `port=` of another agent to report to.

    All reporting methods answer the agent's text (a `Reply`: `reply.ok` says whether everything was accepted, and
    `reply.status_code` how it was answered). They raise ValueError when a required argument is missing. Call them with
    names: the first positional parameter of some is `input`, which is rarely wanted.
    """

    name = "DataKitFramework"
    interval = 10
    log_name = ""
    is_init_log = False

    # Mangled, so that a subclass may use every plain name and need not call our constructor.
    __ip = None
    __port = None

    def __init__(self, **kwargs):
        if kwargs.get("ip"):
            self.__ip = kwargs["ip"]
        if kwargs.get("port"):
            self.__port = kwargs["port"]

    def run(self):
        """Called on each tick of the schedule. What it reports is kept when it returns; an exception is kept with it."""
        raise NotImplementedError("%s must override run()" % type(self).__name__)

    def report(self, data):
        """Reports points of several categories at once.

            self.report({
                "M": [{"measurement": "queue", "tags": {"name": "mail"}, "fields": {"length": 3}}],
                "L": [{"measurement": "queue", "fields": {"message": "all is well", "status": "info"}}],
            })

        Keys of `data`:
            M, L, R, O, CO, E   lists of points: metrics, logs, real user monitoring, objects, custom objects, events
            input               a name for where the points come from (default: this collector)
            precision           unit of the points' `time`: n, u, ms, s, m or h (default: guessed from its size)
            ignore_global_tags  True = without the agent's global tags
            version             version of the collector, kept with the points

        A point is {"measurement": text, "tags": {text: text}, "fields": {text: number, text or bool}, "time": number};
        tags may be left out, and time too: then it is the time of the report. `time` counts since 1970, in the unit
        of `precision`; without one a number below 10^10 is seconds, below 10^13 milliseconds, below 10^16 microseconds,
        else nanoseconds.

        Answers the last category's reply, or that of the first which failed; None when `data` has no category.
        """
        parameters = []
        for key in _PARAMETERS:
            value = data.get(key)
            if value is True:
                value = "true"
            if value:
                parameters.append((key, str(value)))
        reply = Reply()
        failed_status = None
        all_are_none = True
        for key, category in _CATEGORIES:
            points = data.get(key, ())
            if points is not None:
                all_are_none = False
            if not points:
                continue
            reply = self.__write(category, parameters, points, data.get("precision"))
            if not reply.ok and failed_status is None:
                failed_status = reply.status_code
                mylog("%s: report of %s failed: %s %s" % (self.name, category, reply.status_code or "no answer", reply))
        if failed_status is not None:
            return Reply(str(reply), False, failed_status)
        return None if all_are_none else reply

    def feed_metric(self, input=None, measurement=None, tags=None, fields=None, time=None, **kwargs):
        """Reports one metric point: each field `f` becomes the metric `measurement.f`.

            self.feed_metric(measurement="queue", tags={"name": "mail"}, fields={"length": 3, "age_s": 1.5})

        measurement  name of what is measured; required
        fields       dict of names and numbers (bool is 0 or 1; a text is kept as a text sample); required
        tags         dict of texts that tell streams of one metric apart
        time         number since 1970: seconds, ms, us or ns, told apart by size; None = now
        input        a name for where the point comes from; None = this collector
        Other named arguments become fields as well.
        """
        self.__check_named("feed_metric", "measurement", measurement, input)
        self.checkArgEmpty("fields", fields)
        point = {"measurement": measurement, "tags": tags, "fields": {**fields, **kwargs}, "time": time}
        return self.report({"M": [point], "input": input})

    def feed_logging(self, input=None, source=None, tags=None, message=None, time=None, **kwargs):
        """Reports one log line.

            self.feed_logging(source="queue", message="17 mails wait", status="warning", tags={"name": "mail"})

        source   what logs; required, it is the record's name
        message  the text
        tags     dict of texts to find it by
        time     number since 1970: seconds, ms, us or ns, told apart by size; None = now
        input    a name for where the line comes from; None = this collector
        Other named arguments become fields as well; `status` is one of them: info (when it is left out), ok, debug,
        warning, error, critical or a word of your own.
        """
        self.__check_named("feed_logging", "source", source, input)
        point = {"measurement": source, "tags": tags, "fields": {"message": message, **kwargs}, "time": time}
        return self.report({"L": [point], "input": input})

    def feed_object(self, input=None, cls=None, name=None, tags=None, fields=None, time=None, **kwargs):
        """Reports the state of one thing: a host, a database, a service. The newest report
        of a name is its state, earlier ones are its history.

            self.feed_object(cls="database", name="db01", tags={"role": "primary"}, fields={"version": "15.4"})

        cls     kind of thing, "database"; required
        name    which one, a tag of the same name; one without gets the field name="default"
        fields  dict of what is known of it; required
        tags    dict of texts to find it by
        time    number since 1970: seconds, ms, us or ns, told apart by size; None = now
        input   a name for where the report comes from; None = this collector
        Other named arguments become fields as well.
        """
        self.__check_named("feed_object", "cls", cls, input)
        self.checkArgEmpty("fields", fields)
        tags = {**(tags or {}), "name": name}
        point = {"measurement": cls, "tags": tags, "fields": {**fields, **kwargs}, "time": time}
        return self.report({"O": [point], "input": input})

    def feed_user_event(
        self,
        df_user_id=None,
        tags=None,
        df_date_range=10,
        df_status=None,
        df_event_id=None,
        df_title=None,
        df_message=None,
        **kwargs
    ):
        """Reports what a person did.

            self.feed_user_event(df_user_id="u-7", df_status="info", df_event_id="login-7-1", df_title="logged in")

        df_user_id     who; required
        df_status      info, ok, warning, error, critical or nodata; required (`ok` ends what an earlier event of
                       the same df_event_id began)
        df_event_id    the same for all events about one matter, so that its end is found; required
        df_title       one line for people; required
        df_message     more text
        df_date_range  seconds that the event is about, up to now (10)
        tags           dict of texts to find it by
        Other named arguments become fields as well. The event's time is that of the report.
        """
        self.checkArgEmpty("df_user_id", df_user_id)
        who = {"df_user_id": df_user_id}
        return self.__feed_event("user", who, tags, df_date_range, df_status, df_event_id, df_title, df_message, kwargs)

    def feed_monitor_event(
        self,
        df_dimension_tags=None,
        tags=None,
        df_date_range=10,
        df_status=None,
        df_event_id=None,
        df_title=None,
        df_message=None,
        **kwargs
    ):
        """Reports what a check of yours found.

            self.feed_monitor_event(
                df_dimension_tags=json.dumps({"host": "web01"}), df_status="critical", df_event_id="disk-web01",
                df_title="disk full", df_message="/var is at 99 %")

        df_dimension_tags  what it is about, as JSON text of an object; required
        df_status, df_event_id, df_title, df_message, df_date_range, tags: as in `feed_user_event`.
        Other named arguments become fields as well. The event's time is that of the report.
        """
        self.checkArgEmpty("df_dimension_tags", df_dimension_tags)
        who = {"df_dimension_tags": df_dimension_tags}
        return self.__feed_event(
            "monitor", who, tags, df_date_range, df_status, df_event_id, df_title, df_message, kwargs
        )

    def feed_system_event(
        self,
        tags=None,
        df_date_range=10,
        df_status=None,
        df_event_id=None,
        df_title=None,
        df_message=None,
        **kwargs
    ):
        """Reports what happened to the system: a restart, a deployment, a change.

            self.feed_system_event(df_status="info", df_event_id="deploy-41", df_title="version 41 is live")

        All arguments are those of `feed_user_event`, without `df_user_id`.
        """
        return self.__feed_event(
            "system", {}, tags, df_date_range, df_status, df_event_id, df_title, df_message, kwargs
        )

    def __feed_event(self, source, who, tags, date_range, status, event_id, title, message, kwargs):
        self.checkArgEmpty("df_date_range", date_range)
        self.checkArgEmpty("df_status", status)
        self.checkArgEmpty("df_event_id", event_id)
        self.checkArgEmpty("df_title", title)
        fields = {"df_date_range": date_range, "df_source": source}
        fields.update(who)
        fields["df_status"] = status
        fields["df_event_id"] = event_id
        fields["df_title"] = title
        fields["df_message"] = message or ""
        fields.update(kwargs)
        return self.report({"E": [{"measurement": "measurement", "tags": tags or {}, "fields": fields}]})

    def construct_url(self, path):
        return "http://%s:%s/%s" % (self.__host(), self.__port or _hooks.port, path)

    def set_lasterror(self, input_name, err_msg):
        return self.http_post_json(self.construct_url("v1/lasterror"), {"input": input_name, "err_content": err_msg})

    def http_post_json(self, url, raw_data):
        return self.http_post_data_core(url, raw_data, "POST", True)

    def http_post_raw(self, url, raw_data):
        return self.http_post_data_core(url, raw_data, "POST", False)

    def http_post_data_core(self, url, raw_data, method, is_json):
        if is_json:
            headers = {"Content-Type": "application/json"}
            body = json.dumps(_clean(raw_data, "body")).encode("utf-8")
        else:
            headers = {}
            body = str(raw_data).encode("utf-8")
        reply = _retrying(_http, method, url, headers, body)
        if not reply.ok:
            mylog("%s: %s %s failed: %s %s" % (self.name, method, url, reply.status_code or "no answer", reply))
        return reply

    def checkArgEmpty(self, name, value):
        if not value:
            raise ValueError('arguments missing "%s"' % name)

    def __check_named(self, call, name, value, input):
        """Upstream's first parameter is `input`, which nearly nobody wants: who gives one argument means the name."""
        if not value and input:
            raise ValueError(
                'arguments missing "%s": the first parameter of %s is input, so that %r was taken for it; write %s(%s=%r, …)'
                % (name, call, input, call, name, input)
            )
        self.checkArgEmpty(name, value)

    def test(self):
        print(_log_path())
        mylog("test of %s", self.name)

    def __host(self):
        host = str(self.__ip or _hooks.host)
        return "[%s]" % host if ":" in host and not host.startswith("[") else host

    def __is_agents_own(self):
        host, port = self.__ip, self.__port
        if port is not None and str(port) != str(_hooks.port):
            return False
        return host is None or host == _hooks.host or (_is_loopback(host) and _is_loopback(_hooks.host))

    def __bridge(self, category, parameters, points, precision, body):
        """To the agent, which has the memory for so much at a time: a larger report goes in parts."""
        if len(body) > _PART_CHARS and isinstance(points, list) and len(points) > 1:
            size = max(1, len(points) * _PART_CHARS // len(body))
            parts = [points[at : at + size] for at in range(0, len(points), size)]
            if len(parts) > 1:
                replies = [self.__write(category, parameters, part, precision) for part in parts]
                return next((reply for reply in replies if not reply.ok), replies[-1])
        if len(body) > _MOST_CHARS:
            message = "one point of %d bytes; the limit is %d, nothing of it was stored" % (len(body), _MOST_CHARS)
            return Reply(json.dumps({"error_code": "datakit.bodyTooLarge", "message": message}), False, 413)
        members = ""
        if parameters:
            members = json.dumps(dict(parameters))[1:-1] + ", "
        request = '{"category": "%s", %s"points": %s}' % (category, members, body)
        return _retrying(_bridged, self, request)

    def __write(self, category, parameters, points, precision):
        body = _json_of_points(points, precision)
        if (_hooks.report is not None or _is_collectors_process()) and self.__is_agents_own():
            return self.__bridge(category, parameters, points, precision, body)
        return _posting(self.construct_url("v1/write/" + category), parameters, body)


# ---- what leaves: nothing in a report may make the rest of it vanish ----------------------------


def _json_of_points(points, precision):
    """The body of a report. In the embedded Python this is most of what a `feed_*` costs."""
    if type(points) is list:
        for point in points:
            if type(point) is not dict or not _is_plain(point):
                break
        else:
            try:
                return _json(points)
            except ValueError:
                pass  # an infinite or NaN field
    return _json(_clean_points(points, precision))


_FIELD_AS_IT_IS = frozenset((str, int, float, bool, type(None)))
_TEXT_AS_IT_IS = frozenset((str, type(None)))


def _is_plain(point):
    """Whether nothing of a point needs cleaning; it may hold floats that JSON has no word for."""
    for key, value in point.items():
        if type(value) is dict:
            if key == "tags":
                allowed = _TEXT_AS_IT_IS
            elif key == "fields":
                allowed = _FIELD_AS_IT_IS
            else:
                return False
            for name, item in value.items():
                kind = type(item)
                if type(name) is not str or kind not in allowed or (kind is int and not -_PLAIN < item < _PLAIN):
                    return False
        elif key == "time":
            if value is not None and type(value) is not int:
                return False
        elif type(key) is not str or type(value) not in _TEXT_AS_IT_IS:
            return False
    return True


def _json(value):
    return "".join(_encode(value, 0))


def _encoder():
    """`json.dumps` sets up one of these for each call, which takes longer than the call."""
    from json import encoder

    plain = encoder.JSONEncoder(allow_nan=False)
    if encoder.c_make_encoder is None:
        return lambda value, _: plain.iterencode(value)
    return encoder.c_make_encoder(
        None, plain.default, encoder.encode_basestring_ascii, None, ": ", ", ", False, False, False
    )


_encode = _encoder()


def _clean_points(points, precision):
    if isinstance(points, (list, tuple)):
        return [_clean_point(point, precision) if isinstance(point, dict) else _clean(point, "point") for point in points]
    return _clean(points, "points")


def _clean_point(point, precision):
    clean = {}
    for key, value in point.items():
        if key == "tags" and isinstance(value, dict):
            clean[key] = {
                str(tag): text if text is None or type(text) is str else _plain_text(text)
                for tag, text in value.items()
            }
        elif key == "fields" and isinstance(value, dict):
            fields = {}
            for name, field in value.items():
                kind = type(field)
                if kind is str or kind is bool or field is None or (kind is int and -_PLAIN < field < _PLAIN):
                    fields[str(name)] = field
                    continue
                field = _clean(field, name)
                if field is not _DROPPED:
                    fields[str(name)] = field
            clean[key] = fields
        elif key == "time":
            clean[key] = value if value is None or type(value) is int else _whole_time(value, precision)
        else:
            value = _clean(value, key)
            if value is not _DROPPED:
                clean[str(key)] = value
    return clean


_DROPPED = object()


_PLAIN = 2**62  # integers up to here need no look at
_MOST = 2**1023  # an integer that is larger by far is no double, and makes the server refuse the whole report
_DEEPEST = 32  # the server skips nested values, but it counts their levels


def _clean(value, name, depth=0):
    """A value that JSON can carry, or _DROPPED."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if -_MOST < value < _MOST:
            return value
        mylog("field %s: an integer of %d bits can not be reported, left out", name, value.bit_length())
        return _DROPPED
    if depth > _DEEPEST:
        mylog("field %s: is nested more than %d levels deep, left out from there on", name, _DEEPEST)
        return _DROPPED
    if isinstance(value, float):
        if value - value == 0:  # neither infinite nor NaN
            return value
        mylog("field %s: %s can not be reported, left out", name, value)
        return _DROPPED
    if isinstance(value, dict):
        items = ((str(key), _clean(item, key, depth + 1)) for key, item in value.items())
        return {key: item for key, item in items if item is not _DROPPED}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = (_clean(item, name, depth + 1) for item in value)
        return [item for item in items if item is not _DROPPED]
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    if hasattr(value, "isoformat"):  # datetime, date, time, pandas' timestamps
        return value.isoformat()
    for convert in ("item", "tolist", "__float__"):  # numpy's scalars and arrays; Decimal, Fraction
        if hasattr(value, convert):
            try:
                return _clean(getattr(value, convert)(), name, depth + 1)
            except Exception:
                continue
    try:
        text = str(value)
    except Exception as error:
        mylog("field %s: a %s can not be reported (%s), left out", name, type(value).__name__, error)
        return _DROPPED
    mylog("field %s: a %s was reported as its text", name, type(value).__name__)
    return text


def _plain_text(value):
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


_NANOS = {"s": 10**9, "ms": 10**6, "u": 10**3, "us": 10**3, "n": 1, "ns": 1, "m": 60 * 10**9, "h": 3600 * 10**9}


def _whole_time(value, precision):
    """Integer nanoseconds of a time that is not an int; with a `precision`, an integer of that unit."""
    if hasattr(value, "timestamp"):
        try:
            value = float(value.timestamp())
        except Exception:
            return None
        unit = _NANOS.get(precision, 1) if precision else 1
        return round(value * 1e6) * 1000 // unit
    if isinstance(value, (bool, int)):
        return int(value)
    try:
        number = float(value)
        if number - number != 0:
            raise ValueError(number)
    except (TypeError, ValueError):
        mylog("time %r is not a time, left to the agent", value)
        return None
    if precision:
        return int(number)
    unit = 1  # guessed by size as the server does for integers
    for limit, nanos in ((1e10, 10**9), (1e13, 10**6), (1e16, 10**3)):
        if abs(number) < limit:
            unit = nanos
            break
    whole = int(number)
    return whole * unit + round((number - whole) * unit)


# ---- the ways out -------------------------------------------------------------------------------


def _retrying(send, *what):
    reply, again, ask = send(*what)
    for wait in _RETRY_AFTER_SECONDS:
        if not again:
            break
        _time.sleep(min(ask, _LONGEST_RETRY_AFTER) if ask else wait)
        reply, again, ask = send(*what)
    return reply


def _bridged(instance, text):
    status, body = _hooks.report(instance, text)
    if status == 200 and not body:
        return _TAKEN
    return Reply(body, 200 <= status < 300, status), status == 429 or status >= 500, None


_TAKEN = (Reply("", True, 200), False, None)


def _is_collectors_process():
    """Whether a collector has started this process with `multiprocessing`; then its reports go that collector's way."""
    if "multiprocessing.process" not in sys.modules:
        return False
    try:
        import trapline_children
    except ImportError:
        return False
    told = trapline_children.told()
    if told is None:
        return False
    _hooks.report, _hooks.host, _hooks.port = trapline_children.Reporter(told).report, told[3], told[4]
    return True


def _posting(url, parameters, body):
    if parameters:
        from urllib.parse import quote

        url += "?" + "&".join("%s=%s" % (key, quote(value, safe="")) for key, value in parameters)
    return _retrying(_http, "POST", url, {"Content-Type": "application/json"}, body.encode("utf-8"))


def _posted(host, port, category, parameters, body):
    """(status, body of the answer) of a report that found nobody at the end of its bridge."""
    host = "[%s]" % host if ":" in host else host
    reply = _posting("http://%s:%s/v1/write/%s" % (host, port, category), parameters, body)
    return (reply.status_code or 410), str(reply)


def _http(method, url, headers, body):
    """One request: (reply, may be tried again, seconds that the server asked to wait)."""
    from http.client import HTTPConnection, HTTPException, HTTPSConnection
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    target = url.partition("#")[0][len(parts.scheme) + 3 + len(parts.netloc):] or "/"
    connection = None
    try:
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        proxy = _proxy(parts)
        if proxy is None:
            connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_SECONDS)
        else:
            connection = kind(proxy.hostname, proxy.port or 80, timeout=_TIMEOUT_SECONDS)
            if parts.scheme == "https":
                connection.set_tunnel(parts.hostname, parts.port)
            else:
                target = url
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        status = response.status
        ask = response.getheader("Retry-After")
        ask = float(ask) if ask and ask.isdigit() else None
        return Reply(text, 200 <= status < 300, status), status == 429 or status >= 500, ask
    except ConnectionRefusedError as error:
        _no_answer(method, url, error)
        return Reply("", False, 0), True, None
    except (OSError, HTTPException, ValueError) as error:
        # What was sent may have arrived: trying again could store it twice.
        _no_answer(method, url, error)
        return Reply("", False, 0), False, None
    finally:
        if connection is not None:
            connection.close()


def _no_answer(method, url, error):
    mylog("%s %s: %s: %s" % (method, url.partition("?")[0], type(error).__name__, error))


def _proxy(parts):
    host = parts.hostname or ""
    if _is_loopback(host) or not any(key.lower() == parts.scheme + "_proxy" for key in os.environ):
        return None
    from urllib.parse import urlsplit
    from urllib.request import getproxies_environment, proxy_bypass_environment

    proxy = getproxies_environment().get(parts.scheme)
    if not proxy or proxy_bypass_environment(host):
        return None
    return urlsplit(proxy if "://" in proxy else "http://" + proxy)


def _is_loopback(host):
    host = str(host).strip("[]").lower()
    return host in ("localhost", "::1", "::", "0.0.0.0") or host.startswith("127.")


# ---- logs, under the names that people know -----------------------------------------------------


def init_log():
    DataKitFramework.is_init_log = True


def mylog(msg, *args):
    try:
        line = str(msg) % args if args else str(msg)
    except (TypeError, ValueError):
        line = " ".join([str(msg)] + [str(arg) for arg in args])
    if not DataKitFramework.is_init_log:
        init_log()
    if _hooks.log is not None:
        _hooks.log(line)
    _append_log(_log_path(), line)


def _log_path():
    name = "".join("_" if c in "/\\\0" else c for c in DataKitFramework.log_name)
    return os.path.expanduser("~/_datakit_pythond_framework_%s_.log" % name)


def _append_log(path, line):
    """One line into a file that is rotated by size. People look there; nothing depends on it, so it never raises."""
    if os.environ.get("TRAPLINE_DATAKIT_FILES") == "no":
        return
    try:
        if os.path.exists(path) and os.path.getsize(path) + len(line) > _LOG_BYTES:
            for number in range(_LOG_BACKUPS - 1, 0, -1):
                if os.path.exists("%s.%d" % (path, number)):
                    os.replace("%s.%d" % (path, number), "%s.%d" % (path, number + 1))
            os.replace(path, path + ".1")
        with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write("%s %s\n" % (_time.strftime("%Y-%m-%d %H:%M:%S"), line))
    except OSError:
        pass
    except ValueError as error:
        print("datakit_framework: %s: %s" % (path, error), file=sys.stderr)
