"""What makes the embedded Python (GraalPy) do as CPython does, and say so where it cannot.

Imported there only, before any collector. Three kinds of amendment:
- the input shares its process with others: what a script does to the process (environment, working directory, exec,
  signals to itself) must stay within the input;
- what GraalPy gets wrong (a format of `time.strftime`, the folders of `zoneinfo`) is put right;
- what cannot work fails with a message that names the way out, `cmd = "python3"`.
"""

import builtins
import io
import os
import sys
import weakref

STDOUT, STDERR = 0, 1

_WAY_OUT = 'set cmd = "python3" for this input (docs/python-compatibility.md has the list)'

# Positions among the arguments of _posixsubprocess.fork_exec
_ENVIRONMENT, _STDOUT_OF_CHILD, _STDERR_OF_CHILD, _BEFORE_EXEC = 5, 9, 11, 21

_ABSENT_MODULES = frozenset(
    "grp syslog curses _curses nis spwd crypt ossaudiodev tkinter _tkinter readline _posixshmem dbm.gnu dbm.ndbm "
    "_gdbm _dbm".split()
)
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
    _remember_files()
    sys.meta_path.insert(0, _Amendments())
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
        return fork_exec(*arguments)

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


_opened = weakref.WeakSet()


class _Open:
    """`open`, which is no function that would become a method of a class that keeps it."""

    def __init__(self, function):
        self._function = function
        self.__name__ = self.__qualname__ = "open"
        self.__doc__ = function.__doc__
        self.__module__ = "io"

    def __call__(self, *arguments, **options):
        file = self._function(*arguments, **options)
        _opened.add(file)
        return file

    def __repr__(self):
        return "<built-in function open>"


def _remember_files():
    import _io

    builtins.open = io.open = _io.open = _Open(io.open)


def _amend_socket(socket):
    construct = socket.socket.__init__

    def __init__(self, *arguments, **options):
        construct(self, *arguments, **options)
        _opened.add(self)

    socket.socket.__init__ = __init__


def close_files():
    """What a process's end does for a python3: the files and sockets that the input has left open."""
    for file in list(_opened):
        try:
            file.close()
        except Exception:
            pass  # it is as good as closed


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

    def absent(name):
        if name in _FORKING:
            raise AttributeError(str(cannot("os." + name, "a process with threads like the embedded Python's cannot fork")))
        if name in _ABSENT_OF_OS:
            raise AttributeError(str(cannot("os." + name)))
        raise AttributeError("module 'os' has no attribute '%s'" % name)

    for name in _FORKING:
        for module in (os, posix):
            if hasattr(module, name):
                delattr(module, name)
    os.__all__[:] = [name for name in known if hasattr(os, name)]
    os.__getattr__ = absent


_ABSENT_OF_OS = frozenset(
    "abort chroot closerange confstr copy_file_range fdatasync getlogin getpriority getrandom getxattr initgroups "
    "listxattr lockf major makedev memfd_create minor mkfifo mknod nice pidfd_open pipe2 posix_fadvise "
    "posix_fallocate pread preadv pwrite pwritev readv register_at_fork removexattr sched_getaffinity "
    "sched_getscheduler sched_setaffinity sched_yield sendfile setpriority setxattr splice sync times wait3 wait4 "
    "waitid writev".split()
)


class _Absent:
    """The last finder: what nobody has found, and CPython has."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in _ABSENT_MODULES:
            raise ModuleNotFoundError(
                "No module named '%s': the embedded Python does not have it; %s" % (name, _WAY_OUT), name=name
            )
        return None


# ---- amendments of modules, made when they are imported -------------------------------------------------


class _Amendments:
    """The first finder: has the others find a module, and amends it once it has been executed."""

    def __init__(self):
        self._left = {
            "socket": _amend_socket,
            "zoneinfo": _amend_zoneinfo,
            "multiprocessing.process": _amend_process,
            "concurrent.futures.process": _amend_process_pool,
        }

    def find_spec(self, name, path=None, target=None):
        amend = self._left.pop(name, None)
        if amend is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                self._wrap(spec.loader, amend)
                return spec
        return None

    @staticmethod
    def _wrap(loader, amend):
        execute = loader.exec_module

        def execute_and_amend(module):
            execute(module)
            amend(module)

        loader.exec_module = execute_and_amend


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


def _amend_process_pool(process):
    process.ProcessPoolExecutor.__init__ = _refusing(
        "concurrent.futures.ProcessPoolExecutor", "it cannot fork; ThreadPoolExecutor does work"
    )
