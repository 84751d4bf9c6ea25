"""Files and sockets that a script drops without closing them, which GraalPy, having no reference counts, forgets.

What CPython does at once happens here at the next moment at which it can be seen:
- text that is still in the buffer is written before the same thread opens a file, asks about one, renames one or starts
  a process, and when its run ends. Until then the file is held, so that the text is not collected with it.
- descriptors are closed once the object is collected: GraalPy does it for files, this module for sockets. When many are
  open, or no more can be, a collection is asked for.
- archives get their end, and temporary files are deleted, once the object is collected; for archives of this run, one
  is asked for when it ends.

A file is flushed by the thread that has opened it, or when that thread is gone: two at once would mix up its text.
"""

import builtins
import gc
import io
import os
import stat
import sys
import threading
import time
import weakref

_NO_MORE = (23, 24)  # ENFILE, EMFILE
_MANY_FILES, _MANY_DESCRIPTORS = 512, 1024  # of the thread that can be written to, of the process
_COLLECTED_IN = 2.0  # seconds that what is collected gets to be closed

_opened = weakref.WeakSet()
_held = {}  # thread -> files that it has opened and can write to, and whether each is a regular one
_idle = []  # weak references to those of earlier runs
_shared = []  # those of them that live, while a run is under way
_running = set()
_unfinished = weakref.WeakSet()  # archives that want an end
_limits = [_MANY_FILES, _MANY_DESCRIPTORS]  # and when it will be many the next time


def install():
    import _io

    builtins.open = io.open = _io.open = _Open(io.open)
    for name in ("stat", "lstat", "rename", "replace", "link", "scandir", "truncate", "fstat"):
        _replace_in_os(name, _flushing(getattr(os, name)))
    _replace_in_os("open", _flushing(_retrying(os.open)))
    _replace_in_os("pipe", _retrying(os.pipe))


def _replace_in_os(name, function):
    old = getattr(os, name)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = old.__doc__
    for supporting in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        if old in supporting:
            supporting.add(function)
    setattr(os, name, function)


def _flushing(function):
    def after_flush(*arguments, **options):
        if _held:
            flush()
        return function(*arguments, **options)

    return after_flush


def _retrying(function):
    def with_retry(*arguments, **options):
        try:
            return function(*arguments, **options)
        except OSError as error:
            if error.errno not in _NO_MORE:
                raise
        _make_room()
        return function(*arguments, **options)

    return with_retry


class _Open:
    """`open`, which is no function that would become a method of a class that keeps it."""

    def __init__(self, function):
        self._function = _retrying(function)
        self.__name__ = self.__qualname__ = "open"
        self.__doc__ = function.__doc__
        self.__module__ = "io"

    def __call__(self, *arguments, **options):
        if _held:
            flush()
        file = self._function(*arguments, **options)
        _opened.add(file)
        mode = arguments[1] if len(arguments) > 1 else options.get("mode", "r")
        if isinstance(mode, str) and not mode.isalpha() or "r" not in mode:
            hold(file)
        _look_around(file.fileno())
        return file

    def __repr__(self):
        return "<built-in function open>"


# ---- text that is not written yet -----------------------------------------------------------------------


def hold(file):
    files = _held.setdefault(threading.get_ident(), [])
    files.append((file, stat.S_ISREG(_fstat(file.fileno()).st_mode)))
    if len(files) >= _limits[0]:
        _make_room()


def flush():
    """What the calling thread has written."""
    files = _held.get(threading.get_ident())
    if files:
        open_still = [each for each in files if _flushed(*each)]
        if len(open_still) != len(files):
            files[:] = open_still


def _flushed(file, regular, at_end=False):
    """Whether the file is open. A pipe may be full; it can wait for its reader, but not whoever flushes."""
    try:
        if regular:
            file.flush()
        elif at_end:
            import select

            if select.select([], [file], [], 0)[1]:
                file.flush()
    except Exception:
        pass  # CPython does not tell anybody either
    return not file.closed


_fstat = os.fstat


def enter():
    """A run begins in the calling thread."""
    ident = threading.get_ident()
    _running.add(ident)
    _release(ident)  # of a run that was cut off
    if _idle:
        alive = [(reference, reference()) for reference in list(_idle)]
        _idle[:] = [reference for reference, file in alive if file is not None and not file.closed]
        _shared.extend(file for _, file in alive if file is not None and not file.closed)


def leave():
    """It has ended."""
    ident = threading.get_ident()
    _running.discard(ident)
    _release(ident)
    for other in list(_held):
        if other not in _running and other not in threading._active:
            _release(other)
    if _shared and not _running:
        for file in list(_shared):
            _flushed(file, True)
        _shared.clear()
    if any(not _is_finished(archive) for archive in list(_unfinished)):
        collect()
    _unfinished.clear()


def _release(ident):
    files = _held.pop(ident, ())
    _idle.extend(weakref.ref(file) for file, regular in files if _flushed(file, regular, True))


# ---- descriptors ----------------------------------------------------------------------------------------


def _look_around(descriptor):
    """The kernel gives out the lowest free number, so a high one says that many are in use."""
    if descriptor >= _limits[1]:
        _make_room()


def _make_room():
    ident = threading.get_ident()
    files = _held.pop(ident, [])
    weak = [(weakref.ref(file), regular) for file, regular in files if _flushed(file, regular, True)]
    files.clear()
    collect()
    alive = [(file, regular) for file, regular in ((reference(), regular) for reference, regular in weak) if file is not None]
    if alive:
        _held[ident] = alive
    _limits[:] = max(_MANY_FILES, 2 * len(alive)), max(_MANY_DESCRIPTORS, 2 * len(os.listdir("/proc/self/fd")))


def collect():
    """Collects what is dropped, and waits until it is closed; that happens on another thread, as a rule."""

    class Last:
        pass

    told = []
    reference = weakref.ref(Last(), told.append)
    gc.collect()
    until = time.monotonic() + _COLLECTED_IN
    while not told and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(0.03)  # for those that were queued behind it
    del reference


def amend_socket(socket):
    construct, close, detach = socket.socket.__init__, socket.socket._real_close, socket.socket.detach
    construct = _retrying(construct)
    watched = {}  # id -> (weak reference, descriptor)

    def lost(reference):
        for key, (known, descriptor) in list(watched.items()):
            if known is reference and watched.pop(key, None):
                socket.close(descriptor)

    def __init__(self, *arguments, **options):
        construct(self, *arguments, **options)
        _opened.add(self)
        descriptor = self.fileno()
        watched[id(self)] = weakref.ref(self, lost), descriptor
        _look_around(descriptor)

    def _real_close(self, *arguments):
        watched.pop(id(self), None)
        close(self, *arguments)

    def detach_watched(self):
        watched.pop(id(self), None)
        return detach(self)

    socket.socket.__init__, socket.socket._real_close, socket.socket.detach = __init__, _real_close, detach_watched


def close_files():
    """What a process's end does for a python3: the files and sockets that the input has left open."""
    for file in list(_opened):
        try:
            file.close()
        except Exception:
            pass  # it is as good as closed


# ---- what has an end ------------------------------------------------------------------------------------


class _Double:
    """What is left of a thing that was collected: its attributes and its methods."""

    def __init__(self, thing, attributes):
        self.__dict__ = attributes
        self._kind_of_double = type(thing)

    def __getattr__(self, name):
        value = getattr(self.__dict__["_kind_of_double"], name)
        return value.__get__(self) if hasattr(type(value), "__get__") else value


def _when_lost(thing, end):
    """`end` gets the double of a thing that was collected."""
    attributes = dict(thing.__dict__)  # the one that GraalPy has made keeps its object
    thing.__dict__ = attributes
    weakref.finalize(thing, end, _Double(thing, attributes))


def _is_finished(archive):
    closed = getattr(archive, "closed", None)
    return archive.fp is None if closed is None else closed


def amend_tempfile(tempfile):
    closer = tempfile._TemporaryFileCloser
    construct = closer.__init__

    def __init__(self, *arguments, **options):
        construct(self, *arguments, **options)
        _when_lost(self, closer.cleanup)

    closer.__init__ = __init__


def amend_zipfile(zipfile):
    construct, close = zipfile.ZipFile.__init__, zipfile.ZipFile.close

    def __init__(self, *arguments, **options):
        construct(self, *arguments, **options)
        if self.mode != "r":
            _when_lost(self, close)
            _unfinished.add(self)

    zipfile.ZipFile.__init__ = __init__


def amend_gzip(gzip):
    """A `GzipFile` cannot share its attributes: the double is what writes, and knows how far it is."""
    kind = gzip.GzipFile
    construct, close, seek = kind.__init__, kind.close, kind.seek

    def __init__(self, *arguments, **options):
        construct(self, *arguments, **options)
        if self.mode == gzip.WRITE:
            double = _Double(self, dict(self.__dict__))
            self._buffer.raw.gzip_file = self._double = double
            weakref.finalize(self, close, double)
            _unfinished.add(self)

    def close_both(self):
        double = self.__dict__.get("_double")
        if double is None:
            return close(self)
        try:
            close(double)
        finally:
            self.fileobj = self.myfileobj = None

    def seek_both(self, *arguments):
        double = self.__dict__.get("_double")
        if double is None or self.fileobj is None:
            return seek(self, *arguments)
        self._buffer.flush()
        self.offset = double.offset
        seek(self, *arguments)
        self._buffer.flush()
        return double.offset

    kind.__init__, kind.close, kind.seek = __init__, close_both, seek_both
    _hold_texts(gzip)


def amend_lzma(lzma):
    kind = lzma.LZMAFile
    construct, close = kind.__init__, kind.close

    def __init__(self, *arguments, **options):
        construct(self, *arguments, **options)
        if self.writable():
            self._finalizer = weakref.finalize(self, close, _Double(self, dict(self.__dict__)))
            _unfinished.add(self)

    def close_once(self):
        finalizer = self.__dict__.get("_finalizer")
        if finalizer is not None:
            finalizer.detach()
        close(self)

    kind.__init__, kind.close = __init__, close_once
    _hold_texts(lzma)


def _hold_texts(module):
    opened = module.open

    def open(*arguments, **options):
        file = opened(*arguments, **options)
        if isinstance(file, io.TextIOWrapper) and file.writable():
            hold(file)
        return file

    module.open = open
