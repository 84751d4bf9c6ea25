"""The external worker's end of the pipes to the agent.

Frames go both ways, each `length (u32) | kind (u8) | worker (u32) | number (i64) | payload`, big-endian; length counts
what follows it. The table of kinds is in the documentation of the Java package `io.trapline.bridge`, the other end.

Threads: the main thread loads and then waits for the end; one reader; one for what is written to file descriptor 1;
one for each collector, kept over its runs, as scripts expect who keep things in thread-locals.
"""

import io
import itertools
import json
import os
import queue
import signal
import struct
import sys
import threading
import time

from trapline_worker import INTERRUPTED, STDOUT, RunInterrupted, Runner

OPEN, START, INTERRUPT, REPLY, CLOSE = 1, 2, 3, 4, 5
LOADED, REPORT, OUTPUT, FINISHED, DYING, CLOSED, STARTED, LOADING = 16, 17, 18, 19, 20, 21, 22, 23

_HEADER = struct.Struct(">IBIq")
_REPLY = struct.Struct(">H")
_REPORT = struct.Struct(">qH")
_OUTPUT = struct.Struct(">BH")

_INTERRUPT_EVERY = 0.1
_INTERRUPT_TIMES = 50
_RUNS_GET_ON_CLOSE = 0.5
_CHILDREN_GET_ON_CLOSE = 0.5
_PR_SET_PDEATHSIG = 1


class Pipe:
    def __init__(self, source, sink):
        self._source = io.BufferedReader(io.FileIO(source, "rb"), 65536)
        # A frame is one write of a C object that has its own lock: an exception that is raised in this thread from
        # outside can not cut a frame in two.
        self._sink = io.BufferedWriter(io.FileIO(sink, "wb"), 65536)
        self._numbers = itertools.count(1)
        self._waiting = {}
        self._runs = {}
        self._inboxes = {}
        self._children = {}  # run -> processes that it started
        self.closing = threading.Event()
        self.runner = Runner(self)
        self.runner.child_started = self._child_started

    def send(self, kind, number, payload):
        frame = _HEADER.pack(13 + len(payload), kind, 0, number) + payload
        try:
            self._sink.write(frame)
            self._sink.flush()
        except (BrokenPipeError, ValueError):
            pass  # the agent is gone; the reader sees that too and ends us

    def receive(self):
        header = self._source.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        length, kind, _, number = _HEADER.unpack(header)
        payload = self._source.read(length - 13)
        return None if len(payload) < length - 13 else (kind, number, payload)

    # ---- the runner's channel -------------------------------------------------------------------

    def report(self, collector, run, text):
        number = next(self._numbers)
        answered = threading.Lock()
        answered.acquire()
        self._waiting[number] = slot = [answered, None]
        try:
            name = collector.encode()
            self.send(REPORT, number, _REPORT.pack(run, len(name)) + name + text.encode("utf-8", "backslashreplace"))
            answered.acquire()
        finally:
            self._waiting.pop(number, None)
        reply = slot[1]
        return _REPLY.unpack_from(reply)[0], reply[2:].decode("utf-8", "replace")

    def output(self, collector, stream, line):
        name = collector.encode()
        self.send(OUTPUT, 0, _OUTPUT.pack(stream, len(name)) + name + line.encode("utf-8", "backslashreplace"))

    def loading(self, what):
        self.send(LOADING, 0, what.encode("utf-8", "backslashreplace"))

    def started(self, run):
        self.send(STARTED, run, b"")

    def dying(self, collector, reason):
        self.send(DYING, 0, (collector + "\n" + reason).encode("utf-8", "backslashreplace"))

    # ---- what the agent asks --------------------------------------------------------------------

    def listen(self):
        try:
            while True:
                frame = self.receive()
                if frame is None:
                    break
                kind, number, payload = frame
                if kind == REPLY:
                    slot = self._waiting.get(number)
                    if slot is not None:
                        slot[1] = payload
                        slot[0].release()
                elif kind == START:
                    self._start(payload.decode(), number)
                elif kind == INTERRUPT:
                    run = self._runs.get(number)
                    if run is not None:
                        threading.Thread(target=run.interrupt, daemon=True).start()
                elif kind == CLOSE:
                    self.closing.set()
        finally:
            # The agent is gone, and with it the reason to be. SIGKILL: nothing of ours may stay behind.
            os.killpg(0, signal.SIGKILL)

    def _start(self, collector, number):
        inbox = self._inboxes.get(collector)
        if inbox is None:
            inbox = self._inboxes[collector] = queue.SimpleQueue()
            thread = threading.Thread(target=self._work, args=(inbox,), name=collector, daemon=True)
            thread.start()
        run = self._runs[number] = Run(self, collector, number)
        inbox.put(run)

    def _work(self, inbox):
        while True:
            try:
                run = inbox.get()
                outcome = run.perform()
                while not run.over.is_set():
                    try:
                        run.settle(outcome)
                    except RunInterrupted:
                        continue
            except RunInterrupted:
                continue  # it came too late for its run

    def _child_started(self, pid, run):
        if run in self._runs:
            self._children.setdefault(run, []).append(pid)

    def finished(self, run, kind, text):
        self._runs.pop(run.number, None)
        children = self._children.pop(run.number, ())
        if kind == INTERRUPTED:
            for pid in children:
                _kill_child(pid)
        self.send(FINISHED, run.number, (kind + "\n" + text).encode("utf-8", "backslashreplace"))

    def end(self):
        """In the main thread: as polite an end as the agent's patience allows."""
        runs = list(self._runs.values())
        for run in runs:
            threading.Thread(target=run.interrupt, daemon=True).start()
        for run in runs:
            run.over.wait(_RUNS_GET_ON_CLOSE / len(runs))
        try:
            self.runner.exit_handlers()
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.killpg(0, signal.SIGTERM)
            _wait_for_children(_CHILDREN_GET_ON_CLOSE)
            self.send(CLOSED, 0, b"")


class Run:
    def __init__(self, pipe, collector, number):
        self._pipe = pipe
        self._collector = collector
        self.number = number
        self._ident = None
        self._lock = threading.Lock()
        self._asked = False
        self.over = threading.Event()

    def perform(self):
        try:
            self._ident = threading.get_ident()
            return self._pipe.runner.run(self._collector, self.number)
        except RunInterrupted as error:
            return INTERRUPTED, str(error)

    def settle(self, outcome):
        with self._lock:
            self._ident = None
        if self._asked:
            _raise_in(threading.get_ident(), None)  # what was not delivered yet
            if outcome[0] != INTERRUPTED:
                outcome = INTERRUPTED, outcome[1] or "run() swallowed the interruption and returned"
        self._pipe.finished(self, *outcome)
        self.over.set()

    def interrupt(self):
        for _ in range(_INTERRUPT_TIMES):
            with self._lock:
                if self._ident is not None:
                    self._asked = True
                    _raise_in(self._ident, RunInterrupted)
            if self.over.wait(_INTERRUPT_EVERY):
                return


def _raise_in(ident, error):
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(error) if error else None)


def _kill_child(pid):
    """Ends a child that still runs, and what it started."""
    try:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return  # it has ended, and its number is kept until somebody waits for it
    except OSError:
        return  # it is not ours any more
    family = [pid]
    for parent in family:
        try:
            with open("/proc/%d/task/%d/children" % (parent, parent)) as children:
                family.extend(map(int, children.read().split()))
        except OSError:
            pass
    for each in family:
        try:
            os.kill(each, signal.SIGKILL)
        except OSError:
            pass


def _follow_prints(fd, runner):
    """What C code and child processes write to standard output."""
    with open(fd, "r", encoding="utf-8", errors="backslashreplace", newline="\n") as lines:
        while True:
            line = lines.readline(16_384)
            if not line:
                return
            runner.line(STDOUT, line.rstrip("\r\n"), runner.sole_runner())


def _wait_for_children(seconds):
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
    except ChildProcessError:
        pass  # none is left


def _end_with_agent():
    """Even when a long call holds the interpreter and nobody reads the pipe."""
    if sys.platform.startswith("linux"):
        try:
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        except (ImportError, OSError, AttributeError):
            pass


def _end_gently(closing):
    """On SIGTERM. A child that a script forks has the handler too, and must end as any program does: else it lives on
    where `Process.terminate()` and `Pool.terminate()` wait for its end. A SIGTERM that comes before the handler is gone
    would be lost, so it has to wait."""
    held = {}

    def close(*_):
        closing.set()

    def hold():
        held[threading.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))

    def let_go():
        before = held.pop(threading.get_ident(), None)
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def let_go_in_child():
        if signal.getsignal(signal.SIGTERM) is close:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        let_go()

    signal.signal(signal.SIGTERM, close)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=hold, after_in_parent=let_go, after_in_child=let_go_in_child)


def main():
    try:
        os.setsid()
    except OSError:
        pass  # leads a session already
    _end_with_agent()
    import faulthandler

    faulthandler.enable(2, all_threads=False)
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    prints, printed = os.pipe()
    os.dup2(printed, 1)
    os.close(printed)

    pipe = Pipe(source, sink)
    frame = pipe.receive()
    if frame is None:
        return
    spec = json.loads(frame[2].decode())
    # In a script's eyes, it is imported by a program like any other.
    sys.argv = ["pythond", "--logname=" + spec["input"]]
    sys.modules.pop("__main__", None)
    sys.modules["__main__"] = type(sys)("__main__")
    threading.Thread(target=pipe.listen, name="trapline-reader", daemon=True).start()
    threading.Thread(target=_follow_prints, args=(prints, pipe.runner), name="trapline-stdout", daemon=True).start()
    _end_gently(pipe.closing)
    answer = pipe.runner.load(spec)
    pipe.send(LOADED, 0, json.dumps(answer).encode())
    pipe.closing.wait()
    try:
        pipe.end()
    finally:
        pipe.runner.exit_now(0)
