"""The runner inside one input's interpreter: loads its collectors, runs them, and tells the agent what they say.

The same `Runner` works in both kinds of worker:
- in an external `python3`, started as a program, where `trapline_pipe` carries its words over pipes;
- embedded in GraalPy, where the Java host calls `embedded(host)`; there each run is a call on a Java thread.

A *channel* is the runner's way out: `report(collector, run, text) -> (status, body)`, `output(collector, stream,
line)`, `loading(what)`, `started(run)`, `dying(collector, reason)`. No method of it may be called with a lock of ours held: an embedded run can be cut
off at any point, without its `finally` blocks.
"""

import os
import sys
import threading
import time

import datakit_framework
from trapline_loader import Loader

STDOUT, STDERR, LOG = 0, 1, 2
RETURNED, RAISED, EXITED, INTERRUPTED = "returned", "raised", "exited", "interrupted"

DEFAULT_INTERVAL = 10.0

_LINE_CHARS = 16_384  # a longer line is told in pieces
_BURST_CHARS = 1 << 20  # of output that a collector may have at once …
_CHARS_PER_SECOND = 1 << 19  # … and how fast it gets the right to more

_HERE = os.path.dirname(os.path.abspath(__file__))
_FRAMEWORK = "datakit_framework"


class RunInterrupted(BaseException):
    """Raised in a run that takes too long."""


class Collector:
    def __init__(self, id, instance, interval, warning, file):
        self.id = id
        self.instance = instance
        self.interval = interval
        self.warning = warning
        self.file = file


def _set_umask(umask):
    """The agent's own lets nobody else at its files; scripts make theirs as if they were started from a shell.

    Where the umask lets others write, __pycache__ would be a folder into which they can put code that root runs: then
    nothing is compiled ahead."""
    if umask is None:
        return
    os.umask(umask)
    others, group = not umask & 0o002, not umask & 0o020
    if os.geteuid() == 0 and (others or (group and os.getegid() != 0)):
        sys.dont_write_bytecode = True


class Runner:
    def __init__(self, channel):
        self.channel = channel
        self.collectors = {}
        self._by_instance = {}
        self._who = {}  # thread ident -> (collector id, run id)
        self._meters = {}
        self._taps = ()
        self._pid = os.getpid()
        self._relay = None
        self._starting_relay = threading.Lock()
        self._follow_children()
        self.exit_now = os._exit
        self.prepare = lambda: None
        self.child_started = lambda pid, run: None
        self.descriptor_of = None  # stream -> number, where 1 and 2 are not this interpreter's own

    # ---- loading --------------------------------------------------------------------------------

    def load(self, spec):
        """spec: {"input", "host", "port", "environment", "modules": [{"name", "file", "root"}]}; see `_described` for the answer."""
        os.environ.update(spec["environment"])
        self.prepare()
        _set_umask(spec.get("umask"))
        hooks = datakit_framework._hooks
        hooks.host, hooks.port = spec["host"], spec["port"]
        hooks.report, hooks.log = self._report, self._log
        datakit_framework.DataKitFramework.log_name = spec["input"]
        sys.breakpointhook = _no_breakpoint
        self._capture()
        loader = Loader([module["root"] for module in spec["modules"]], _HERE)
        problems, seen, ids = [], set(), {}
        for wanted in spec["modules"]:
            name, file = wanted["name"], wanted["file"]
            if name.rpartition(".")[2] == _FRAMEWORK:
                continue
            self.channel.loading(file)
            try:
                module = loader.load(name, file, wanted["root"])
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                self._problem(problems, name, file, "", error)
                continue
            for cls in list(vars(module).values()):
                if not _is_collector(cls) or id(cls) in seen:
                    continue
                seen.add(id(cls))
                key = "%s.%s" % (name, cls.__name__)
                ids[key] = ids.get(key, 0) + 1
                if ids[key] > 1:
                    key = "%s#%d" % (key, ids[key])
                self._construct(key, cls, name, file, problems)
        return {"collectors": [_described(each) for each in self.collectors.values()], "problems": problems}

    def _construct(self, key, cls, module, file, problems):
        ident = threading.get_ident()
        self._who[ident] = (key, 0)
        self.channel.loading("the constructor of %s in %s" % (cls.__name__, file))
        try:
            instance = cls()
            interval, warning = _interval(instance)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            self._problem(problems, module, file, cls.__name__, error)
            return
        finally:
            self._end_lines(ident)
            self._who.pop(ident, None)
        if warning:
            self._cli_log("%s: %s" % (key, warning))
        collector = Collector(key, instance, interval, warning, file)
        self.collectors[key] = collector
        self._by_instance[id(instance)] = key

    def _problem(self, problems, module, file, class_name, error):
        text = traceback_of(error)
        if isinstance(error, ModuleNotFoundError) and error.name:
            text = (
                "%s needs the Python module '%s', which is not there. Install it for the interpreter of this input "
                "(Debian, Ubuntu: apt-get install python3-%s; elsewhere, or in a virtual environment that cmd names: "
                "python3 -m pip install …; an input without cmd runs in the embedded Python, which has the standard "
                'library only: set cmd = "python3").\n%s'
                % (file, error.name, _distribution(error.name), text)
            )
        problems.append({"module": module, "file": file, "class": class_name, "error": text})
        self._cli_log("%s %s: %s" % (module, class_name, text))

    # ---- running --------------------------------------------------------------------------------

    def run(self, collector_id, run_id):
        """One run on the calling thread: (how it ended, text)."""
        collector = self.collectors[collector_id]
        ident = threading.get_ident()
        self._who[ident] = (collector_id, run_id)
        self._end_lines(ident)  # of a run that was cut off
        try:
            self.channel.started(run_id)
            _refuse_unrun(collector.instance, collector.instance.run())
            self._end_if_child(None)
            return RETURNED, ""
        except RunInterrupted as error:
            return INTERRUPTED, traceback_of(error)
        except SystemExit as error:
            self._end_if_child(error)
            return EXITED, self._raised(collector_id, error)
        except BaseException as error:
            self._end_if_child(error)
            return RAISED, self._raised(collector_id, error)
        finally:
            self._end_lines(ident)
            self._who.pop(ident, None)
            self._tell_dropped(collector_id)

    def _end_if_child(self, error):
        """A child that `run()` forked has run to the end of it: it ends here, for the rest of us is the parent's."""
        if os.getpid() == self._pid:
            return
        status = 0
        if isinstance(error, SystemExit):
            status = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        elif error is not None:
            status = 1
            os.write(2, (traceback_of(error) + "\n").encode("utf-8", "backslashreplace"))
        self.exit_now(status & 0xFF)

    def _raised(self, collector_id, error):
        text = traceback_of(error)
        if type(error).__name__ == "BdbQuit":
            text = (
                "a debugger found no terminal: pdb.set_trace() cannot be used in a collector's worker. Debug outside, "
                "with PYTHONPATH='%s', as breakpoint() says" % _HERE
            )
        self._cli_log("%s: %s" % (collector_id, text))
        return text

    def _report(self, instance, text):
        collector, run = self.who()
        return self.channel.report(self._by_instance.get(id(instance), collector), run, text)

    def who(self):
        """(collector id, run id) that the calling thread works for; ("", 0) when that is not known."""
        who = self._who.get(threading.get_ident())
        if who is not None:
            return who
        thread = threading._active.get(threading.get_ident())
        return getattr(thread, "_trapline_collector", ""), 0

    def _follow_children(self):
        """Has `child_started` told which run started which process: those of a run that is cut off end with it."""
        try:
            import _posixsubprocess
        except ImportError:
            return
        fork_exec = _posixsubprocess.fork_exec

        def start(*arguments):
            pid = fork_exec(*arguments)
            if os.getpid() == self._pid:
                self.child_started(pid, self.who()[1])
            return pid

        _posixsubprocess.fork_exec = start

    def exit_handlers(self):
        import atexit

        atexit._run_exitfuncs()
        for tap in self._taps:
            tap.end_all()

    # ---- what is printed and logged -------------------------------------------------------------

    def _capture(self):
        self._taps = (Tap(self, STDOUT, 1), Tap(self, STDERR, 2))
        sys.stdout, sys.stderr = self._taps
        sys.__stdout__, sys.__stderr__ = self._taps
        runner, start = self, threading.Thread.start

        def start_knowing_collector(thread):
            thread._trapline_collector = runner.who()[0]
            start(thread)

        threading.Thread.start = start_knowing_collector

        def exit_telling(status):
            if os.getpid() == runner._pid:
                runner.channel.dying(runner.who()[0], "called os._exit(%s)" % (status,))
            runner.exit_now(status)

        os._exit = exit_telling
        if hasattr(os, "fork") and hasattr(os, "register_at_fork"):
            import trapline_children

            os.register_at_fork(before=self._relay_address, after_in_child=self._forked)
            trapline_children.watch_multiprocessing(self._told)

    # ---- the processes that collectors start ----------------------------------------------------

    def _relay_address(self):
        """Where children find this process; empty in a child, whose reports go to its parent's."""
        import trapline_children

        with self._starting_relay:
            if self._relay is None and os.getpid() == self._pid:
                self._relay = trapline_children.Relay(self.channel.report)
        return self._relay.address

    def _told(self):
        collector, run = self.who()
        hooks = datakit_framework._hooks
        return self._relay_address(), collector, run, hooks.host, hooks.port

    def _forked(self):
        # The pipes to the agent are the parent's. A child reports by way of the parent, and prints to what it inherited.
        hooks = datakit_framework._hooks
        hooks.report = hooks.log = None
        for tap in self._taps:
            tap.forked = True
        if self._relay is not None:  # else there was no room for it, and a child posts over HTTP
            import trapline_children

            self._starting_relay = threading.Lock()  # another thread may have held it
            self._relay.forked()
            by_instance = self._by_instance
            reporter = trapline_children.Reporter(self._told(), lambda instance, other: by_instance.get(id(instance), other))
            hooks.report = reporter.report

    def line(self, stream, text, who=None):
        collector = self.who()[0] if who is None else who
        meter = self._meters.get(collector)
        if meter is None:
            meter = self._meters[collector] = Meter()
        if meter.allows(len(text)):
            self._tell_dropped(collector)
            self.channel.output(collector, stream, text)

    def sole_runner(self):
        """The collector that output of unknown origin belongs to, if only one runs."""
        running = list(self._who.values())
        return running[0][0] if len(running) == 1 else ""

    def _tell_dropped(self, collector):
        meter = self._meters.get(collector)
        if meter is not None and meter.dropped_lines:
            lines, chars, meter.dropped_lines, meter.dropped_chars = meter.dropped_lines, meter.dropped_chars, 0, 0
            self.channel.output(
                collector,
                LOG,
                "%d lines (%d characters) of output dropped: more than %d characters a second"
                % (lines, chars, _CHARS_PER_SECOND),
            )

    def _end_lines(self, ident):
        for tap in self._taps:
            tap.end_line(ident)

    def _log(self, line):
        for part in line.splitlines():
            self.line(LOG, part)

    def _cli_log(self, text):
        datakit_framework._append_log(os.path.expanduser("~/_datakit_pythond_cli.log"), text)


def _distribution(module):
    """What the package of a module is most likely called: Debian has `python3-` and its top name, in small letters."""
    return module.partition(".")[0].lower().replace("_", "-")


def _no_breakpoint(*args, **kwargs):
    """`breakpoint()` in a collector: a worker has no terminal to debug on. Says what to do instead, and goes on."""
    caller = sys._getframe(1)
    file = os.path.abspath(caller.f_code.co_filename)
    cls = type(caller.f_locals["self"]).__name__ if "self" in caller.f_locals else "CLASS"
    print(
        "breakpoint() at %s:%d is passed over: a collector's worker has no terminal. Debug outside: "
        "PYTHONPATH='%s' python3 -c \"import runpy; runpy.run_path('%s')['%s']().run()\""
        % (file, caller.f_lineno, _HERE, file, cls),
        file=sys.stderr,
    )


class Meter:
    """A token bucket. Races between threads make it a little generous, never wrong by much."""

    def __init__(self):
        self.left = _BURST_CHARS
        self.at = time.monotonic()
        self.dropped_lines = self.dropped_chars = 0

    def allows(self, chars):
        chars += 16  # an empty line costs as well
        now = time.monotonic()
        self.left = min(_BURST_CHARS, self.left + (now - self.at) * _CHARS_PER_SECOND)
        self.at = now
        # After a drop, wait until a good part is free again: a few long gaps read better than many short ones.
        if chars > self.left or (self.dropped_lines and self.left < _CHARS_PER_SECOND // 2):
            self.dropped_lines += 1
            self.dropped_chars += chars - 16
            return False
        self.left -= chars
        return True


class Tap:
    """sys.stdout or sys.stderr: cuts what each thread writes into lines."""

    encoding = "utf-8"
    errors = "backslashreplace"
    newlines = None
    line_buffering = True
    write_through = True
    closed = False
    forked = False
    mode = "w"

    def __init__(self, runner, stream, fd):
        self._runner = runner
        self._stream = stream
        self._fd = fd
        self._partial = {}
        self.name = "<stdout>" if stream == STDOUT else "<stderr>"
        self.buffer = _TapBytes(self)

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not " + type(text).__name__)
        if self.forked:
            os.write(self._fd, text.encode(self.encoding, self.errors))
            return len(text)
        ident = threading.get_ident()
        partial = self._partial.pop(ident, "") + text
        if "\n" not in partial and len(partial) <= _LINE_CHARS:
            self._partial[ident] = partial
            return len(text)
        start = 0
        while True:
            end = partial.find("\n", start)
            if end < 0 and len(partial) - start <= _LINE_CHARS:
                break
            cut = start + _LINE_CHARS
            if 0 <= end <= cut:
                self._runner.line(self._stream, partial[start:end].rstrip("\r"))
                start = end + 1
            else:
                self._runner.line(self._stream, partial[start:cut])
                start = cut
        if start < len(partial):
            self._partial[ident] = partial[start:]
        return len(text)

    def end_line(self, ident):
        partial = self._partial.pop(ident, "")
        if partial:
            self._runner.line(self._stream, partial)

    def end_all(self):
        for ident in list(self._partial):
            self.end_line(ident)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def close(self):
        pass

    def detach(self):
        return self.buffer

    def reconfigure(self, **options):
        pass

    def fileno(self):
        descriptor_of = self._runner.descriptor_of
        return self._fd if descriptor_of is None else descriptor_of(self._stream)

    def isatty(self):
        return False

    def readable(self):
        return False

    def writable(self):
        return True

    def seekable(self):
        return False

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


class _TapBytes:
    closed = False
    mode = "wb"

    def __init__(self, tap):
        self._tap = tap
        self.raw = self

    def write(self, data):
        self._tap.write(bytes(data).decode("utf-8", "backslashreplace"))
        return len(data)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def fileno(self):
        return self._tap.fileno()

    def isatty(self):
        return False

    def writable(self):
        return True


def _refuse_unrun(instance, returned):
    """What `run()` returns does not matter, unless it is all of `run()`: of `async def` or with `yield`, nothing ran."""
    code = getattr(returned, "cr_code", None) or getattr(returned, "gi_code", None)
    if code is None or code is not getattr(instance.run, "__code__", None):
        return
    returned.close()
    raise TypeError(
        "nothing of run() was executed, because it is 'async def' or has a 'yield'; make it a plain 'def' "
        "(and call asyncio.run inside it for what is async)"
    )


def _is_collector(cls):
    """A concrete subclass of DataKitFramework: ours, or the one of a copy that lies beside the scripts."""
    if not isinstance(cls, type) or _is_framework(cls) or getattr(cls, "__abstractmethods__", None):
        return False
    return any(_is_framework(base) for base in cls.__mro__)


def _is_framework(cls):
    return cls.__name__ == "DataKitFramework" and cls.__module__.rpartition(".")[2] == _FRAMEWORK


def _interval(instance):
    """(seconds, what was odd about it)."""
    own = [vars(cls) for cls in type(instance).__mro__ if not _is_framework(cls)]
    if "interval" not in getattr(instance, "__dict__", {}) and not any("interval" in names for names in own):
        return DEFAULT_INTERVAL, "no interval is set, it runs every 10 s"
    value = instance.interval
    if not value:
        return DEFAULT_INTERVAL, "interval = %r is none, it runs every 10 s" % (value,)
    try:
        seconds = _seconds(value)
    except (TypeError, ValueError):
        return (
            DEFAULT_INTERVAL,
            "interval = %r is neither a number of seconds nor a duration such as '1m30s', it runs every 10 s" % (value,),
        )
    if not 0 < seconds < float("inf"):
        return DEFAULT_INTERVAL, "interval = %r is not a positive number of seconds, it runs every 10 s" % (value,)
    return seconds, ""


_UNITS = {"ns": 1e-9, "us": 1e-6, "\u00b5s": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}


def _seconds(value):
    """A number, a text with one, a duration as in the configuration ('1m30s'), or a timedelta."""
    if hasattr(value, "total_seconds"):
        return value.total_seconds()
    try:
        return float(value)
    except ValueError:
        import re

        part = r"(\d+(?:\.\d+)?)(ns|us|\u00b5s|ms|s|m|h|d)"
        if not isinstance(value, str) or not re.fullmatch("(?:%s)+" % part, value.strip()):
            raise
        return sum(float(number) * _UNITS[unit] for number, unit in re.findall(part, value))


def _described(collector):
    cls = type(collector.instance)
    return {
        "id": collector.id,
        "class": cls.__name__,
        "module": collector.id[: collector.id.rindex("." + cls.__name__)],
        "file": collector.file,
        "interval": collector.interval,
        "warning": collector.warning,
    }


def traceback_of(error):
    """The traceback from the user's first line on, to the last one: what the framework itself raises
    is about the call."""
    import traceback

    frames = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    try:
        shown = traceback.TracebackException(type(error), error, frames)
        while len(shown.stack) > 1 and os.path.dirname(shown.stack[-1].filename) == _HERE:
            del shown.stack[-1]
        return "".join(shown.format()).rstrip("\n")
    except Exception as failure:  # an exception whose __str__ raises, say
        return "%s (its traceback could not be made: %s)" % (type(error).__name__, failure)


def _is_ours(file):
    return file.startswith("<frozen importlib") or os.path.dirname(file) == _HERE


def embedded(host):
    """The runner's face towards the Java host. Everything that passes is text or a number."""
    return _Embedded(host)


class _Embedded:
    def __init__(self, host):
        import trapline_embedded
        import trapline_embedded_files

        self._files = trapline_embedded_files
        self._host = host
        self._runner = Runner(self)
        self._runner.prepare = trapline_embedded.add_python_path
        self._runner.child_started = host.childStarted
        trapline_embedded.install(self._runner, host)

    # Called by Java
    def load(self, spec):
        import json

        self._files.enter()
        try:
            return json.dumps(self._runner.load(json.loads(spec)))
        finally:
            self._files.leave()

    def stand_by(self):
        """In the thread that loaded: waits for ever, and so lets what is due on the main thread happen."""
        threading.Event().wait()

    def run(self, collector_id, run_id):
        self._files.enter()
        try:
            kind, text = self._runner.run(collector_id, run_id)
        finally:
            self._files.leave()
        return kind + "\n" + text

    def close(self):
        self._runner.exit_handlers()
        self._files.close_files()

    # The channel
    def report(self, collector, run, text):
        answer = self._host.report(collector, run, text)
        if answer == "":
            return 200, ""
        status, _, body = answer.partition(" ")
        return int(status), body

    def output(self, collector, stream, line):
        self._host.output(collector, stream, line)

    def loading(self, what):
        self._host.loading(what)

    def started(self, run):
        self._host.started(run)

    def dying(self, collector, reason):
        self._host.dying(collector, reason)


if __name__ == "__main__":
    # Run under its module name, so that everybody who imports it means the same classes.
    import trapline_pipe

    trapline_pipe.main()
