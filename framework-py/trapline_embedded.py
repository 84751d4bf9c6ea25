"""What makes the embedded Python (GraalPy) do as CPython does, and say so where it cannot.

Imported there only, before any collector. Three kinds of amendment:
- the input shares its process with others: what a script does to the process (environment, working directory, exec,
  signals to itself) must stay within the input;
- what GraalPy gets wrong (a format of `time.strftime`, the folders of `zoneinfo`) is put right;
- what cannot work fails with a message that names the way out, `cmd = "python3"`.
"""

import os
import sys

import trapline_embedded_absent
import trapline_embedded_files

STDOUT, STDERR = 0, 1

_WAY_OUT = 'set cmd = "python3" for this input (docs/python-compatibility.md has the list)'

# Positions among the arguments of _posixsubprocess.fork_exec
_ENVIRONMENT, _STDOUT_OF_CHILD, _STDERR_OF_CHILD = 5, 9, 11
_SESSION, _GROUP, _UMASK, _BEFORE_EXEC = 15, 16, 20, 21

_ABSENT_MODULES = frozenset(
    "grp syslog curses _curses nis spwd crypt ossaudiodev tkinter _tkinter readline _posixshmem dbm.gnu dbm.ndbm "
    "_gdbm _dbm".split()
)
# Extension modules of GraalPy that need its C API, which one input of a process can have
_NATIVE_MODULES = frozenset(("termios", "_sqlite3", "_ctypes", "_testcapi"))
_FORKING = ("fork", "forkpty", "posix_spawn", "posix_spawnp", "spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnv")
_FORKING += ("spawnve", "spawnvp", "spawnvpe")
_ZONE_FOLDERS = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo")


class NotEmbeddable(NotImplementedError):
    """Raised by what the embedded Python cannot do."""


def cannot(what, why=""):
    return NotEmbeddable(
        "%s does not work in the embedded Python%s; %s" % (what, " (" + why + ")" if why else "", _WAY_OUT)
    )


def _refusing(what, why=""):
    def refuse(*arguments, **options):
        raise cannot(what, why)

    refuse.__name__ = refuse.__qualname__ = what.rpartition(".")[2]
    return refuse


def install(runner, host):
    _keep_environment_apart()
    _start_children(runner, host)
    _keep_process_apart(host)
    _tell_of_absent_names()
    _fill_gaps()
    trapline_embedded_files.install()
    sys.meta_path.insert(0, _Amendments())
    sys.meta_path.insert(0, _NativeModules())
    sys.meta_path.append(_Absent())


def add_python_path():
    """PYTHONPATH counts as it does for a python3: its folders come before the standard library's."""
    wanted = os.environ.get("PYTHONPATH", "")
    if wanted:
        entries = [os.path.abspath(entry) for entry in wanted.split(os.pathsep)]
        sys.path[:0] = list(dict.fromkeys(entries))


# ---- one process, many inputs -----------------------------------------------------------------------


def _keep_environment_apart():
    """os.environ is the input's own; the C library's environment belongs to the process."""

    def putenv(name, value):
        os.fsencode(name), os.fsencode(value)

    def unsetenv(name):
        os.fsencode(name)

    os.putenv, os.unsetenv = putenv, unsetenv


def _start_children(runner, host):
    import _posixsubprocess

    fork_exec = _posixsubprocess.fork_exec  # the runner's, which remembers what was started
    printed = {}

    def descriptor(stream):
        if stream not in printed:
            number = host.descriptor(stream)
            if number < 0:
                raise OSError("no pipe could be made for the output of child processes; the input may be about to end")
            printed[stream] = number
        return printed[stream]

    def start(*arguments):
        trapline_embedded_files.flush()
        arguments = list(arguments)
        if arguments[_BEFORE_EXEC] is not None:
            raise cannot("preexec_fn", "start_new_session, process_group, umask and cwd of subprocess.Popen do")
        if not arguments[0] or not arguments[0][0]:
            raise FileNotFoundError(
                2,
                "the program to start has an empty name; sys.executable is empty in the embedded Python, which is no "
                "program of its own: name one, python3 say, or " + _WAY_OUT,
            )
        if arguments[_ENVIRONMENT] is None:
            arguments[_ENVIRONMENT] = [name + b"=" + value for name, value in os.environb.items()]
        if arguments[_STDOUT_OF_CHILD] == -1:
            arguments[_STDOUT_OF_CHILD] = descriptor(STDOUT)
        if arguments[_STDERR_OF_CHILD] == -1:
            arguments[_STDERR_OF_CHILD] = descriptor(STDERR)
        if arguments[_GROUP] < 0 and not arguments[_SESSION]:
            arguments[_GROUP] = 0  # a group of its own: known to be this input's, and its signals stay in it
        if arguments[_UMASK] < 0:
            return fork_exec(*arguments)
        before = os.umask(arguments[_UMASK])  # GraalPy ignores the argument; a child inherits it
        try:
            return fork_exec(*arguments)
        finally:
            os.umask(before)

    _posixsubprocess.fork_exec = start

    def system(command):
        import subprocess

        code = subprocess.call(command, shell=True)
        return -code if code < 0 else code << 8

    os.system = system

    write = os.write

    def write_apart(fd, data):
        return write(descriptor(fd - 1) if fd in (1, 2) else fd, data)

    os.write = write_apart
    runner.descriptor_of = descriptor


def _keep_process_apart(host):
    for name in ("execv", "execve", "execl", "execle", "execlp", "execlpe", "execvp", "execvpe"):
        setattr(os, name, _refusing("os." + name, "it would replace all inputs of the process"))
    for name in ("setsid", "setpgrp", "setuid", "setgid", "seteuid", "setegid", "setreuid", "setregid", "setgroups"):
        if hasattr(os, name):
            setattr(os, name, _refusing("os." + name, "it would change all inputs of the process"))
    kill, killpg, setpgid = os.kill, os.killpg, getattr(os, "setpgid", None)
    ours = os.getpid()

    def kill_others(pid, signal):
        if signal and pid in (ours, 0, -1, -ours):
            raise cannot("os.kill of one's own process", "it would end all inputs of the process")
        kill(pid, signal)

    def kill_other_groups(group, signal):
        if signal and group in (ours, 0):
            raise cannot("os.killpg of one's own group", "it would end all inputs of the process")
        killpg(group, signal)

    def set_group_of_others(pid, group):
        if pid in (ours, 0):
            raise cannot("os.setpgid of one's own process")
        setpgid(pid, group)

    os.kill, os.killpg = kill_others, kill_other_groups
    if setpgid is not None:
        os.setpgid = set_group_of_others
    if not host.folderIsOwn():
        why = "this container does not allow unshare(2), so all inputs of the process share one; isolation = \"own\" helps too"
        os.chdir, os.fchdir = _refusing("os.chdir", why), _refusing("os.fchdir", why)
        os.umask = _refusing("os.umask", why)


# ---- what is not there ------------------------------------------------------------------------------


def _tell_of_absent_names():
    import posix

    known = set(os.__all__)
    absent_names = frozenset(trapline_embedded_absent.NAMES["os"].split())

    def absent(name):
        if name in _FORKING:
            raise AttributeError(str(cannot("os." + name, "a process with threads like the embedded Python's cannot fork")))
        if name in absent_names:
            raise AttributeError(str(cannot("os." + name)))
        raise AttributeError("module 'os' has no attribute '%s'" % name)

    for name in _FORKING:
        for module in (os, posix):
            if hasattr(module, name):
                delattr(module, name)
    os.__all__[:] = [name for name in known if hasattr(os, name)]
    os.__getattr__ = absent


def _fill_gaps():
    """What GraalPy leaves out of small modules, and can be made of what it has."""
    import fcntl
    import select
    import signal

    import trapline_embedded_time

    trapline_embedded_time.install()
    trapline_embedded_absent.make()
    for name in trapline_embedded_absent.NAMES:
        if name in sys.modules or name in sys.builtin_module_names:
            module = __import__(name)
            if name != "os":
                trapline_embedded_absent.refuse(module, cannot)
    os.getloadavg = _load_averages
    if not hasattr(fcntl, "fcntl"):
        fcntl.fcntl = _fcntl
        for name, number in _COMMANDS_OF_FCNTL.items():
            setattr(fcntl, name, number)
    if not hasattr(select, "poll"):
        select.poll = _Poll
        for name, number in _EVENTS_OF_POLL.items():
            setattr(select, name, number)
    if not hasattr(signal, "strsignal"):
        signal.strsignal = lambda number: _SIGNALS.get(number, "Unknown signal %d" % number)


def _load_averages():
    """GraalPy has that of one minute three times."""
    try:
        with open("/proc/loadavg") as file:
            return tuple(float(load) for load in file.read().split()[:3])
    except OSError as error:
        raise OSError("Load averages are unobtainable") from error


_COMMANDS_OF_FCNTL = {"F_DUPFD": 0, "F_GETFD": 1, "F_SETFD": 2, "F_GETFL": 3, "F_SETFL": 4, "FD_CLOEXEC": 1}
_EVENTS_OF_POLL = {"POLLIN": 1, "POLLPRI": 2, "POLLOUT": 4, "POLLERR": 8, "POLLHUP": 16, "POLLNVAL": 32}
_SIGNALS = {
    1: "Hangup", 2: "Interrupt", 3: "Quit", 4: "Illegal instruction", 5: "Trace/breakpoint trap", 6: "Aborted",
    7: "Bus error", 8: "Floating point exception", 9: "Killed", 10: "User defined signal 1", 11: "Segmentation fault",
    12: "User defined signal 2", 13: "Broken pipe", 14: "Alarm clock", 15: "Terminated", 16: "Stack fault",
    17: "Child exited", 18: "Continued", 19: "Stopped (signal)", 20: "Stopped", 21: "Stopped (tty input)",
    22: "Stopped (tty output)", 23: "Urgent I/O condition", 24: "CPU time limit exceeded",
    25: "File size limit exceeded", 26: "Virtual timer expired", 27: "Profiling timer expired", 28: "Window changed",
    29: "I/O possible", 30: "Power failure", 31: "Bad system call",
}


def _fcntl(fd, command, argument=0):
    """The commands that scripts use: whether a descriptor waits, and whether children inherit it."""
    number = fd if isinstance(fd, int) else fd.fileno()
    if command == _COMMANDS_OF_FCNTL["F_GETFL"]:
        return 0 if os.get_blocking(number) else os.O_NONBLOCK
    if command == _COMMANDS_OF_FCNTL["F_SETFL"]:
        os.set_blocking(number, not argument & os.O_NONBLOCK)
        return 0
    if command == _COMMANDS_OF_FCNTL["F_GETFD"]:
        return 0 if os.get_inheritable(number) else 1
    if command == _COMMANDS_OF_FCNTL["F_SETFD"]:
        os.set_inheritable(number, not argument & 1)
        return 0
    if command == _COMMANDS_OF_FCNTL["F_DUPFD"]:
        return os.dup(number)
    raise cannot("fcntl.fcntl with command %r" % (command,))


class _Poll:
    """select.poll, by select.select."""

    def __init__(self):
        self._wanted = {}

    def register(self, fd, events=1 | 2 | 4):
        self._wanted[fd if isinstance(fd, int) else fd.fileno()] = events

    def modify(self, fd, events):
        number = fd if isinstance(fd, int) else fd.fileno()
        if number not in self._wanted:
            raise FileNotFoundError(2, "No such file or directory")
        self._wanted[number] = events

    def unregister(self, fd):
        del self._wanted[fd if isinstance(fd, int) else fd.fileno()]

    def poll(self, timeout=None):
        import select

        by_event = [[number for number, events in self._wanted.items() if events & event] for event in (1, 4, 2)]
        seconds = None if timeout is None or timeout < 0 else timeout / 1000
        found = {}
        for event, ready in zip((1, 4, 2), select.select(*by_event, seconds)):
            for number in ready:
                found[number] = found.get(number, 0) | event
        return list(found.items())


class _Absent:
    """The last finder: what nobody has found, and CPython has."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in _ABSENT_MODULES:
            raise ModuleNotFoundError(
                "No module named '%s': the embedded Python does not have it; %s" % (name, _WAY_OUT), name=name
            )
        return None


class _NativeModules:
    """Finds the modules that the first input to import one has to itself, and says so to the others."""

    def __init__(self):
        self._finding = False

    def find_spec(self, name, path=None, target=None):
        if name not in _NATIVE_MODULES or self._finding:
            return None
        self._finding = True
        try:
            for finder in sys.meta_path:
                spec = None if finder is self else finder.find_spec(name, path, target)
                if spec is not None:
                    return _wrapped(spec, create=self._create)
        finally:
            self._finding = False
        return None

    @staticmethod
    def _create(loader, spec):
        try:
            return loader.create_module(spec)
        except SystemError as error:
            raise ImportError(
                "%s works in one embedded input of a process, and another input has it already; set "
                'isolation = "own" or cmd = "python3" for this input (docs/python-compatibility.md has the list)'
                % spec.name,
                name=spec.name,
            ) from error


# ---- amendments of modules, made when they are imported -------------------------------------------------


class _Amendments:
    """The first finder: has the others find a module, and amends it once it has been executed."""

    def __init__(self):
        self._left = {
            "socket": _amend_socket,
            "ssl": _refuse_absent,
            "tempfile": trapline_embedded_files.amend_tempfile,
            "zipfile": trapline_embedded_files.amend_zipfile,
            "gzip": trapline_embedded_files.amend_gzip,
            "lzma": trapline_embedded_files.amend_lzma,
            "bz2": _amend_bz2,
            "hashlib": _amend_hashlib,
            "locale": _amend_locale,
            "tracemalloc": _refuse_absent,
            "zoneinfo": _amend_zoneinfo,
            "multiprocessing.process": _amend_process,
            "multiprocessing.pool": _amend_pool,
            "multiprocessing.resource_tracker": _amend_tracker,
            "concurrent.futures.process": _amend_process_pool,
        }

    def find_spec(self, name, path=None, target=None):
        amend = self._left.pop(name, None)
        if amend is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                return _wrapped(spec, execute=amend)
        return None


def _wrapped(spec, create=None, execute=None):
    """The spec with another loader, for some loaders are shared by all modules of their kind."""
    loader = spec.loader

    class Loader:
        def create_module(self, spec):
            return create(loader, spec) if create else loader.create_module(spec)

        def exec_module(self, module):
            loader.exec_module(module)
            if execute:
                execute(module)

        def __getattr__(self, name):
            return getattr(loader, name)

    spec.loader = Loader()
    return spec


def _refuse_absent(module):
    if module.__name__ in trapline_embedded_absent.NAMES:
        trapline_embedded_absent.refuse(module, cannot)


def _amend_socket(socket):
    trapline_embedded_files.amend_socket(socket)
    trapline_embedded_absent.amend_socket(socket)
    _refuse_absent(socket)


def _amend_bz2(bz2):
    """Its C library is not there, and the Java exception that says so cannot be caught."""
    why = "gzip and lzma do work"
    bz2.BZ2Compressor = _refusing("bz2.BZ2Compressor", why)
    bz2.BZ2Decompressor = _refusing("bz2.BZ2Decompressor", why)


def _amend_hashlib(hashlib):
    """Java has no BLAKE2."""
    why = "sha256, sha3_256 and others do work"
    new = hashlib.new

    def new_or_refuse(name, *arguments, **options):
        if name.lower().startswith("blake2"):
            raise cannot("hashlib.new(%r)" % name, why)
        return new(name, *arguments, **options)

    hashlib.new = new_or_refuse
    _refuse_absent(hashlib)
    hashlib.blake2b, hashlib.blake2s = _refusing("hashlib.blake2b", why), _refusing("hashlib.blake2s", why)


def _amend_locale(locale):
    """Its ValueError is not what scripts catch, and C.UTF-8, the usual one of services, is unknown to it."""
    setlocale = locale.setlocale

    def setlocale_or_explain(category, name=None):
        known = name in ("C.UTF-8", "C.utf8")
        try:
            answer = setlocale(category, "C" if known else name)
        except ValueError as error:
            raise locale.Error("%s: %s; %s" % (error, name, _WAY_OUT)) from error
        return name if known else answer

    locale.setlocale = setlocale_or_explain
    _refuse_absent(locale)


def _amend_zoneinfo(zoneinfo):
    """GraalPy does not know where the system keeps its zones."""
    if "PYTHONTZPATH" not in os.environ:
        zoneinfo.reset_tzpath([folder for folder in _ZONE_FOLDERS if os.path.isdir(folder)])
    common = sys.modules["zoneinfo._common"]
    load = common.load_tzdata

    def load_or_explain(key):
        try:
            return load(key)
        except zoneinfo.ZoneInfoNotFoundError as error:
            if zoneinfo.TZPATH:
                raise
            raise zoneinfo.ZoneInfoNotFoundError(
                "No time zone found with key %s: this host has no time zone data (looked for %s); install its package, "
                "tzdata as a rule" % (key, ", ".join(_ZONE_FOLDERS))
            ) from error

    common.load_tzdata = load_or_explain


def _amend_process(process):
    process.BaseProcess.start = _refusing(
        "multiprocessing.Process.start", "it cannot fork; threads and multiprocessing.pool.ThreadPool do work"
    )


def _amend_pool(pool):
    make = pool.Pool.__init__

    def __init__(self, *arguments, **options):
        if not isinstance(self, pool.ThreadPool):
            raise cannot("multiprocessing.Pool", "it cannot fork; multiprocessing.pool.ThreadPool does work")
        make(self, *arguments, **options)

    pool.Pool.__init__ = __init__


def _amend_tracker(tracker):
    """Locks and queues for processes start a process of their own, which cannot be; refused here, that takes one line."""
    tracker.ResourceTracker.ensure_running = tracker.ensure_running = _refusing(
        "what multiprocessing shares between processes", "it cannot fork; threading and queue do work"
    )


def _amend_process_pool(process):
    process.ProcessPoolExecutor.__init__ = _refusing(
        "concurrent.futures.ProcessPoolExecutor", "it cannot fork; ThreadPoolExecutor does work"
    )
