"""Reports of the processes that a collector starts (`os.fork`, `multiprocessing`, process pools) belong to that collector.

A child has no pipe to the agent. It hands its reports to the worker that it comes from, over a Unix socket that the
worker opens when the first child is about to start, and the worker passes them on with the collector and the run that
started the child. When the worker is gone, they are posted to the agent like those of any other program.

`socket` is imported when a child starts and not before, for workers should be up at once.

A *told* is what a child must know: (address of the socket, collector id, run id, host and port of the agent).
"""

import os
import struct
import sys
import threading

_REQUEST = struct.Struct(">qHI")  # run, length of the collector id, length of the request; then both
_REPLY = struct.Struct(">HI")  # status, length of the body; then the body
_LINGER_SECONDS = 60


class Relay:
    """The worker's end. `report` is the channel's: (collector, run, text) -> (status, body)."""

    def __init__(self, report):
        import socket

        self._report = report
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # No file, so nothing is left behind; who else may connect is asked of the kernel for each connection.
        self.address = "\0trapline-" + os.urandom(16).hex()
        self._server.bind(self.address)
        self._server.listen(128)
        threading.Thread(target=self._accept, name="trapline-children", daemon=True).start()

    def forked(self):
        """In a child: the worker's socket must not live longer than the worker."""
        self._server.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="trapline-child", daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                if not _is_of_this_user(connection):
                    return
                connection.settimeout(_LINGER_SECONDS)
                run, name_length, text_length = _REQUEST.unpack(_exactly(connection, _REQUEST.size))
                collector = _exactly(connection, name_length).decode()
                text = _exactly(connection, text_length).decode("utf-8", "replace")
                status, body = self._report(collector, run, text)
                body = body.encode("utf-8", "backslashreplace")
                connection.sendall(_REPLY.pack(status, len(body)) + body)
            except (OSError, EOFError):
                pass  # the child is gone; if it is not, it sees that no reply came


class Reporter:
    """The child's end."""

    def __init__(self, told, collector_of=None):
        self._address, self._collector, self._run, self._host, self._port = told
        self._collector_of = collector_of

    def report(self, instance, text):
        import socket

        collector = self._collector_of(instance, self._collector) if self._collector_of else self._collector
        name = collector.encode()
        body = text.encode("utf-8", "backslashreplace")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.connect(self._address)
            except OSError:
                return self._post(text)
            try:
                connection.sendall(_REQUEST.pack(self._run, len(name), len(body)) + name + body)
                status, length = _REPLY.unpack(_exactly(connection, _REPLY.size))
                return status, _exactly(connection, length).decode("utf-8", "replace")
            except (OSError, EOFError) as error:
                # Not 5xx: it may have arrived, and trying again could store it twice.
                import json

                message = "the collector's worker went away before it answered: %s" % (error,)
                return 410, json.dumps({"error_code": "datakit.workerGone", "message": message})

    def _post(self, text):
        import json

        import datakit_framework

        request = json.loads(text)
        category, points = request.pop("category"), request.pop("points")
        return datakit_framework._posted(self._host, self._port, category, list(request.items()), json.dumps(points))


def watch_multiprocessing(tell):
    """Whatever process `multiprocessing` starts, however it does that, carries `tell()` along. Costs nothing before it is imported."""
    if "multiprocessing.process" in sys.modules:
        _wrap(sys.modules["multiprocessing.process"], tell)
    else:
        sys.meta_path.insert(0, _AtImport(tell))


class _AtImport:
    def __init__(self, tell):
        self._tell = tell

    def find_spec(self, name, path=None, target=None):
        if name != "multiprocessing.process":
            return None
        sys.meta_path.remove(self)
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            execute, tell = spec.loader.exec_module, self._tell

            def exec_module(module):
                execute(module)
                _wrap(module, tell)

            spec.loader.exec_module = exec_module
        return spec


def _wrap(module, tell):
    start = module.BaseProcess.start

    def start_telling(process):
        # A process object is copied to the new process, and so is what processes that this one starts get to know.
        process._config["trapline"] = tell()
        return start(process)

    module.BaseProcess.start = start_telling


def told():
    """What a process that `multiprocessing` has started was told, or None."""
    module = sys.modules.get("multiprocessing.process")
    return None if module is None else getattr(module.current_process(), "_config", {}).get("trapline")


def _exactly(connection, length):
    parts = []
    while length:
        part = connection.recv(min(length, 1 << 20))
        if not part:
            raise EOFError("the connection ended")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _is_of_this_user(connection):
    import socket

    if not hasattr(socket, "SO_PEERCRED"):
        return True
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return user in (os.getuid(), 0)
