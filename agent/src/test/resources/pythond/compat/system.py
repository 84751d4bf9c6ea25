"""The system, the language and its tools."""

import abc
import argparse
import collections
import dataclasses
import enum
import functools
import getpass
import importlib
import inspect
import itertools
import logging
import logging.handlers
import operator
import os
import platform
import re
import string
import sys
import textwrap
import traceback
import types
import typing
import warnings
import weakref

from compat import case, raised, run
from datakit_framework import DataKitFramework


class System(DataKitFramework):
    interval = 10

    def run(self):
        run(self, __name__)


@case
def os__ids():
    return {"parent": os.getppid() > 0, "user": os.getuid() == os.geteuid(), "group": os.getgid() == os.getegid(), "groups": isinstance(os.getgroups(), list)}


@case
def os__the_machine():
    with open("/proc/loadavg") as file:
        loads = [float(load) for load in file.read().split()[:3]]
    return {"cores": os.cpu_count() > 0, "load": [abs(a - b) < 0.5 for a, b in zip(os.getloadavg(), loads)], "page": os.sysconf("SC_PAGE_SIZE"), "uname": os.uname().sysname, "random": len(os.urandom(8))}


@case
def os__cores_that_may_be_used():
    return raised(lambda: len(os.sched_getaffinity(0)) > 0)


@case
def os__all_other_names():
    names = "abort chroot closerange confstr copy_file_range fdatasync getlogin getpriority getrandom getxattr initgroups listxattr lockf"
    names += " major makedev memfd_create minor mkfifo mknod pidfd_open pipe2 posix_fadvise posix_fallocate pread preadv pwrite pwritev readv"
    names += " register_at_fork removexattr sched_getscheduler sched_setaffinity sched_yield sendfile setpriority setxattr splice sync wait3"
    names += " wait4 waitid writev"
    return " ".join(name for name in names.split() if not hasattr(os, name))


@case
def os__priority():
    return raised(lambda: os.nice(0))


@case
def os__times():
    return raised(lambda: os.times().user >= 0)


@case
def os__environment():
    os.environ["COMPAT_X"] = "1"
    found = {"get": os.getenv("COMPAT_X"), "in": "COMPAT_X" in os.environ, "default": os.environ.get("COMPAT_Y", "none"), "bytes": os.environb[b"COMPAT_X"]}
    del os.environ["COMPAT_X"]
    return dict(found, gone=raised(lambda: os.environ["COMPAT_X"]), wrong=raised(os.putenv, "a=b", 1).split(":")[0])


@case
def os__exec():
    return raised(os.execv, "/no/such/program", ["x"])


@case
def os__errors():
    return [os.strerror(2), raised(os.stat, "/no/such"), PermissionError(13, "x").errno, OSError(2, "x").__class__.__name__]


@case
def platform__the_system():
    return {"system": platform.system(), "machine": platform.machine() == os.uname().machine, "node": platform.node() == os.uname().nodename, "release": platform.release() == os.uname().release, "python": platform.python_version_tuple()[0]}


@case
def platform__which_python():
    return {"implementation": platform.python_implementation(), "name": sys.implementation.name}


@case
def sys__about_itself():
    return {"platform": sys.platform, "order": sys.byteorder, "max": sys.maxsize, "encoding": (sys.getdefaultencoding(), sys.getfilesystemencoding()), "three": sys.version_info[0], "argv": sys.argv[:1], "limit": sys.getrecursionlimit() > 100}


@case
def sys__executable():
    return {"named": bool(sys.executable)}


@case
def sys__standard_input():
    return {"read": sys.stdin.read() if sys.stdin else None, "tty": bool(sys.stdin) and sys.stdin.isatty()}


@case
def sys__sizes_and_references():
    return raised(lambda: sys.getsizeof([]) > 0 and sys.getrefcount(object()) > 0)


@case
def pwd__users():
    import pwd

    return {"root": pwd.getpwuid(0)[:4], "shell": pwd.getpwnam("root").pw_dir, "none": raised(pwd.getpwnam, "nobody-here")}


@case
def grp__groups():
    def groups():
        import grp

        return grp.getgrgid(0).gr_name

    return raised(groups)


@case
def getpass__user():
    os.environ["LOGNAME"] = "someone"
    found = getpass.getuser()
    del os.environ["LOGNAME"]
    return found


@case
def resource__limits_and_usage():
    def found():
        import resource

        return resource.getrlimit(resource.RLIMIT_NOFILE)[0] != 0 and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0

    return raised(found)


@case
def resource__the_real_limits():
    import resource

    def known(number):
        found = [text[26:].split()[:2] for text in open("/proc/self/limits") if text.startswith(line_of[number])][0]
        return tuple(-1 if each == "unlimited" else int(each) for each in found)

    line_of = {resource.RLIMIT_NOFILE: "Max open files", resource.RLIMIT_CORE: "Max core file size", resource.RLIMIT_STACK: "Max stack size"}
    return [resource.getrlimit(number) == known(number) for number in line_of] + [raised(resource.getrlimit, 99)]


@case
def resource__usage_of_children():
    import resource
    import subprocess

    subprocess.check_call(["sh", "-c", "i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done"])
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"time": found.ru_utime + found.ru_stime > 0, "size": found.ru_maxrss > 0}


@case
def os__devices_and_users():
    device = os.makedev(259, 70000)
    return {"device": device, "parts": (os.major(device), os.minor(device)), "users": os.getresuid() == (os.getuid(), os.geteuid(), os.getuid()), "cores": len(os.sched_getaffinity(0)) > 0}


@case
def os__stat_in_full():
    found = os.stat("/dev/null")
    return {name: hasattr(found, name) for name in ("st_mode", "st_ino", "st_mtime_ns", "st_blocks", "st_blksize", "st_rdev")}


def missing(name):
    """Of the names that this module has in CPython; each must name the way out."""
    import trapline_embedded_absent

    module, found = importlib.import_module(name), []
    for each in trapline_embedded_absent.NAMES[name].split():
        try:
            getattr(module, each)
        except AttributeError as error:
            found.append(each if 'cmd = "python3"' in str(error) else "%s (%s)" % (each, error))
    return " ".join(found)


@case
def os__names():
    return missing("os")


@case
def select__names():
    return missing("select")


@case
def socket__names_of_the_module():
    return missing("socket")


@case
def signal__names():
    return missing("signal")


@case
def resource__names():
    return missing("resource")


@case
def fcntl__names():
    return missing("fcntl")


@case
def time__names():
    return missing("time")


@case
def mmap__names():
    return missing("mmap")


@case
def ssl__names():
    return missing("ssl")


@case
def tracemalloc__names():
    return missing("tracemalloc")


@case
def gc__names():
    return missing("gc")


@case
def sys__names():
    return missing("sys")


@case
def locale__names():
    return missing("locale")


@case
def hashlib__names():
    return missing("hashlib")


@case
def faulthandler__names():
    return missing("faulthandler")


@case
def float__the_smallest():
    return repr(5e-324)


@case
def hash__of_an_empty_text():
    return hash("") == 0


@case
def syslog__a_line():
    def line():
        import syslog

        return syslog.LOG_INFO

    return raised(line)


@case
def curses__is_there():
    def there():
        import curses

        return curses.KEY_UP

    return raised(there)


@case
def ctypes__the_c_library():
    def length():
        import ctypes

        return ctypes.CDLL(None).strlen(b"four")

    return raised(length)


@case
def ctypes__structures():
    def packed():
        import ctypes

        class Two(ctypes.Structure):
            _fields_ = [("a", ctypes.c_uint16), ("b", ctypes.c_uint32)]

        return ctypes.sizeof(Two), bytes(Two(1, 2))

    return raised(packed)


@case
def signal__a_handler_in_a_run():
    import signal

    return raised(signal.signal, signal.SIGUSR1, signal.SIG_IGN)


@case
def signal__an_alarm():
    import signal

    return raised(lambda: signal.alarm(0))


@case
def logging__levels_and_forms():
    out = __import__("io").StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(levelname)s:%(name)s:%(message)s"))
    logger = logging.getLogger("compat.one")
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.debug("hidden")
    logger.info("seen %d", 5)
    try:
        1 / 0
    except ZeroDivisionError:
        logger.exception("failed")
    lines = out.getvalue().splitlines()
    return {"first": lines[:2], "last": lines[-1]}


@case
def logging__a_file_that_rolls():
    import tempfile

    place = tempfile.mkdtemp()
    handler = logging.handlers.RotatingFileHandler(os.path.join(place, "l"), maxBytes=20, backupCount=2)
    for number in range(4):
        handler.emit(logging.makeLogRecord({"msg": "line number %d" % number}))
    handler.close()
    return sorted(os.listdir(place))


@case
def logging__from_a_dict():
    import logging.config

    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "handlers": {"n": {"class": "logging.NullHandler"}}, "loggers": {"compat.two": {"handlers": ["n"], "level": "ERROR"}}})
    return logging.getLogger("compat.two").getEffectiveLevel()


@case
def re__groups_and_names():
    found = re.match(r"(?P<host>[\w.-]+):(\d+)(?:/(.*))?$", "db-1.local:5432")
    return {"groups": found.groups(), "name": found["host"], "span": found.span(2), "none": re.match("x", "y")}


@case
def re__finding_and_replacing():
    text = "eth0: 10 eth1: 20"
    return [re.findall(r"(\w+): (\d+)", text), re.sub(r"\d+", lambda found: str(int(found[0]) * 2), text), re.split(r"[\s:]+", text), [each.start() for each in re.finditer("eth", text)], re.escape("a.b*c")]


@case
def re__flags_and_lookarounds():
    return [re.findall(r"(?im)^a.*$", "a1\nA2\nb"), re.search(r"(?<=v)\d+(?!\d)", "v12").group(), re.fullmatch(r"\s*(?#note)x", "  x") is not None, re.compile(r"""a  # letter
        \d""", re.X).match("a5").group(), re.findall(r"(?s)a.b", "a\nb"), re.sub(r"(?P<y>a)(b)", r"\g<2>\1", "ab")]


@case
def re__an_error():
    return raised(re.compile, "(")


@case
def string__forms():
    return ["%-5s|%05.1f|%x|%r" % ("a", 3.14159, 255, "q"), "{0:>6}|{n:^5}|{0!r}".format("x", n=1), f"{'a':*<4}{10:#b}{-3:+d}", string.Template("$a ${b}").safe_substitute(a=1), "a\tb".expandtabs(4), "x=1".partition("="), "aXbX".rsplit("X", 1)]


@case
def textwrap__and_pprint():
    import pprint

    return {"wrapped": textwrap.wrap("one two three four", 9), "dedented": textwrap.dedent("  a\n    b"), "short": textwrap.shorten("one two three", 10), "pretty": pprint.pformat({"b": list(range(30)), "a": {}}, width=40)}


@case
def difflib__texts():
    import difflib

    return {"diff": list(difflib.unified_diff(["a", "b"], ["a", "c"], lineterm="")), "close": difflib.get_close_matches("appel", ["ape", "apple"])}


@case
def argparse__options():
    parser = argparse.ArgumentParser(prog="p")
    parser.add_argument("-n", type=int, default=1)
    parser.add_argument("names", nargs="*")
    return vars(parser.parse_args(["-n", "5", "a", "b"]))


@case
def collections__containers():
    counted = collections.Counter("abracadabra")
    kept = collections.deque([1, 2, 3], maxlen=2)
    pair = collections.namedtuple("Pair", "a b")(1, 2)
    grown = collections.defaultdict(list)
    grown["x"].append(1)
    return [counted.most_common(2), list(kept), pair, dict(grown), list(collections.ChainMap({"a": 1}, {"b": 2}).items()), list(collections.OrderedDict(a=1).items())]


@case
def itertools__and_functools():
    @functools.lru_cache(maxsize=None)
    def fibonacci(number):
        return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)

    return [fibonacci(60), functools.reduce(operator.mul, range(1, 6)), list(itertools.accumulate([1, 2, 3])), [(key, len(list(group))) for key, group in itertools.groupby("aabc")], list(itertools.islice(itertools.count(5, 2), 3)), list(itertools.product("ab", repeat=2))[:2], functools.partial(int, base=2)("101")]


@case
def heapq__and_bisect():
    import bisect
    import heapq

    return [heapq.nlargest(2, [3, 1, 4, 1, 5]), list(heapq.merge([1, 4], [2, 3])), bisect.bisect([1, 3, 5], 3)]


@case
def dataclasses__and_enum():
    @dataclasses.dataclass(order=True)
    class Disk:
        name: str
        used: float = 0.0
        tags: list = dataclasses.field(default_factory=list)

    class Level(enum.IntFlag):
        LOW = 1
        HIGH = 2

    return [repr(Disk("sda")).split("<locals>.")[-1], dataclasses.asdict(Disk("b", 1.5)), Disk("a") < Disk("b"), int(Level.LOW | Level.HIGH), Level(2).name]


@case
def abc__and_typing():
    class Base(abc.ABC):
        @abc.abstractmethod
        def value(self): ...

    return [raised(Base).split(" with")[0], typing.get_type_hints(lambda: None), str(typing.Optional[int]), isinstance([], collections.abc.Sequence)]


@case
def contextlib__and_generators():
    import contextlib

    found = []

    @contextlib.contextmanager
    def around():
        found.append("in")
        yield 5
        found.append("out")

    with around() as number, contextlib.suppress(ZeroDivisionError), contextlib.redirect_stdout(__import__("io").StringIO()) as out:
        print("caught")
        1 / 0
    return {"found": found, "number": number, "out": out.getvalue()}


@case
def traceback__of_an_error():
    def fails():
        raise ValueError("inner")

    try:
        try:
            fails()
        except ValueError as error:
            raise KeyError("outer") from error
    except KeyError as error:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
    text = "".join(lines)
    return {"last": lines[-1], "cause": "ValueError: inner" in text, "direct": "direct cause" in text, "lines": text.count('File "')}


@case
def warnings__caught():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning)
    return [(each.category.__name__, str(each.message)) for each in caught]


@case
def exceptions__groups_of_them():
    errors = []
    for action in (lambda: [][0], lambda: {}["k"], lambda: None.x, lambda: int("x"), lambda: 1 + "a", lambda: undefined):  # noqa: F821
        errors.append(raised(action))
    return errors


@case
def recursion__without_end():
    def deeper():
        return deeper()

    return raised(deeper).split(":")[0]


@case
def weakref__finalizers_and_values():
    class Kept:
        pass

    kept = Kept()
    values = weakref.WeakValueDictionary(a=kept)
    return {"there": values["a"] is kept, "ref": weakref.ref(kept)() is kept}


@case
def importlib__modules():
    module = types.ModuleType("made")
    exec("answer = 42", module.__dict__)
    return {"made": module.answer, "found": importlib.util.find_spec("json") is not None, "none": importlib.util.find_spec("no_such_module_here"), "error": raised(importlib.import_module, "no_such_module_here")}


@case
def importlib__versions_of_packages():
    import importlib.metadata

    return raised(importlib.metadata.version, "no-such-package-here")


@case
def inspect__and_ast():
    import ast

    def function(a, b=2, *c, d, **e):
        """Documented."""

    return [str(inspect.signature(function)), inspect.getdoc(function), ast.literal_eval("{'a': (1, -2.5, None)}"), raised(ast.literal_eval, "f()").split(":")[0]]


@case
def gc__and_timeit():
    import gc
    import timeit

    return {"enabled": gc.isenabled(), "collected": isinstance(gc.collect(), int), "time": timeit.timeit("1", number=10) >= 0}


@case
def unittest__a_mock():
    from unittest import mock

    with mock.patch("os.getcwd", return_value="/mocked"):
        here = os.getcwd()
    double = mock.Mock(side_effect=[1, ValueError("two")])
    return {"here": here, "first": double(), "second": raised(double), "calls": double.call_count}


@case
def atexit__and_builtins():
    import atexit

    return [atexit.register(len) is len, atexit.unregister(len), sorted("bca", reverse=True), list(zip("ab", [1, 2])), any([0, 1]), eval("1 + 1"), max([3, 1], key=lambda number: -number), [*range(10)][::3], {**{"a": 1}, "b": 2}, "%s" % None]


@case
def print__forms():
    import io

    out = io.StringIO()
    print("a", 1, sep="-", end="!\n", file=out)
    return out.getvalue()
