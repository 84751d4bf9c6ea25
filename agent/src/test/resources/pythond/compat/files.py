"""Files, folders and archives."""

import fnmatch
import glob
import os
import pathlib
import shutil
import stat
import tempfile

from compat import case, raised, run
from datakit_framework import DataKitFramework


class Files(DataKitFramework):
    interval = 10

    def run(self):
        run(self, __name__)


def folder(*files):
    place = pathlib.Path(tempfile.mkdtemp())
    for name in files:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name)
    return place


@case
def io__lines_and_appending():
    path = folder() / "f"
    with open(path, "w") as file:
        file.write("a\nb\r\n")
    with open(path, "a") as file:
        print("c", file=file)
    with open(path, newline="") as file:
        return {"lines": list(open(path)), "raw": file.read(), "size": path.stat().st_size}


@case
def io__files_that_are_not_closed():
    import csv
    import subprocess

    place = folder()
    open(place / "state", "w").write("5")
    csv.writer(open(place / "rows", "w")).writerow([1, 2])

    def log(line):
        file = open(place / "log", "a")
        file.write(line)

    log("x\n"), log("y\n")
    size = os.path.getsize(place / "log")
    log("z\n")
    shown = subprocess.check_output(["cat", place / "log"])
    open(place / "new", "w").write("n")
    os.rename(place / "new", place / "old")
    return [open(place / "state").read(), open(place / "rows").read(), size, shown, os.open(place / "old", os.O_RDONLY) > 0, (place / "old").read_text()]


@case
def io__thousands_of_files_that_are_not_closed():
    place = folder()
    for number in range(3000):
        open("/dev/null").read()
        if not number % 3:
            open(place / "f", "a").write("x")
    return {"open": len(os.listdir("/proc/self/fd")) < 2500, "size": os.path.getsize(place / "f")}


def until(condition):
    """What CPython does when the last reference goes, the embedded Python does when it has collected."""
    import gc
    import time

    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        gc.collect()
        time.sleep(0.01)
    return True


@case
def zipfile__an_archive_that_is_not_closed():
    import zipfile

    path = folder() / "z.zip"
    zipfile.ZipFile(path, "w").writestr("a", "text")
    until(lambda: zipfile.is_zipfile(path))
    with zipfile.ZipFile(path) as archive:
        return archive.read("a")


@case
def gzip__archives_that_are_not_closed():
    import gzip
    import lzma

    place = folder()

    def text(opener, path):
        try:
            with opener(path) as file:
                return file.read()
        except (EOFError, MemoryError):  # of the embedded lzma, for a file without its end
            return b""

    found = []
    for opener in (gzip.open, lzma.open):
        opener(place / "dropped", "wb").write(b"bytes")
        until(lambda: text(opener, place / "dropped"))
        found.append(text(opener, place / "dropped"))
    with gzip.open(place / "closed", "wb") as file:
        file.write(b"0123456789")
        told = file.tell()
    return {"dropped": found, "told": told, "closed": text(gzip.open, place / "closed")}


@case
def tempfile__a_named_file_that_is_dropped():
    name = tempfile.NamedTemporaryFile().name
    return until(lambda: not os.path.exists(name))


@case
def generator__its_finally_when_it_is_dropped():
    found = []

    def numbers():
        try:
            yield 1
        finally:
            found.append("finally")

    next(numbers())
    return found


@case
def object__its_del_when_it_is_dropped():
    found = []

    class Kept:
        def __del__(self):
            found.append("del")

    Kept()
    return found


@case
def io__seek_tell_and_truncate():
    with open(folder() / "f", "w+b") as file:
        file.write(b"0123456789")
        file.seek(-3, os.SEEK_END)
        tail = file.read()
        file.truncate(4)
        file.seek(0)
        return {"tail": tail, "rest": file.read(), "at": file.tell()}


@case
def io__encodings():
    path = folder() / "f"
    path.write_text("zoë\n", encoding="latin-1")
    return {"wrong": raised(path.read_text, encoding="utf-8"), "right": path.read_text("latin-1"), "kept": path.read_text("utf-8", "replace")}


@case
def io__exclusive_creation_and_errors():
    path = folder("there") / "there"
    errors = [raised(open, path, "x"), raised(open, "/no/such/file"), raised(open, "/"), raised(open, path, "q")]
    return [error.replace(str(path), "PATH") for error in errors]


@case
def io__text_and_bytes_in_memory():
    import io

    text, data = io.StringIO("a\nb"), io.BytesIO(b"abc")
    return {"lines": text.readlines(), "data": data.read(2), "view": bytes(data.getbuffer())}


@case
def io__files_of_the_kernel():
    with open("/proc/self/status") as status:
        names = {line.partition(":")[0] for line in status}
    with open("/proc/stat") as file:
        cpu = file.readline().split()
    with open("/proc/meminfo") as file:
        total = file.readline().split()
    return {"status": sorted(names & {"VmRSS", "Threads", "Uid"}), "cpu": (cpu[0], len(cpu) > 7), "unit": (total[0], total[2])}


@case
def os__folders():
    place = folder("b/c.txt", "a.txt")
    os.makedirs(place / "d" / "e")
    os.rename(place / "a.txt", place / "z.txt")
    os.remove(place / "b" / "c.txt")
    os.removedirs(place / "d" / "e")
    return {"list": sorted(os.listdir(place)), "missing": raised(os.listdir, "/no/such"), "full": raised(os.rmdir, place)[:24]}


@case
def os__walk_and_scandir():
    place = folder("a", "b/c", "b/d/e")
    walked = [(os.path.relpath(root, place), sorted(dirs), sorted(files)) for root, dirs, files in sorted(os.walk(place))]
    with os.scandir(place) as entries:
        found = sorted((entry.name, entry.is_dir(), entry.is_file(), entry.stat().st_size > 0) for entry in entries)
    return {"walked": walked, "found": found}


@case
def os__stat_and_modes():
    path = folder("f") / "f"
    os.chmod(path, 0o640)
    os.utime(path, (1000000000, 1000000001))
    found = os.stat(path)
    return {"mode": stat.filemode(found.st_mode), "time": found.st_mtime, "ours": found.st_uid == os.getuid(), "links": found.st_nlink}


@case
def os__links():
    place = folder("f")
    os.symlink("f", place / "soft")
    os.link(place / "f", place / "hard")
    return {
        "target": os.readlink(place / "soft"),
        "is": (os.path.islink(place / "soft"), os.path.islink(place / "hard")),
        "same": os.path.samefile(place / "f", place / "hard"),
        "real": os.path.realpath(place / "soft") == os.path.realpath(place / "f"),
    }


@case
def os__access():
    return [os.access("/etc/passwd", os.R_OK), os.access("/no/such", os.F_OK), os.access("/bin/sh", os.X_OK)]


@case
def os__working_folder():
    before = os.getcwd()
    place = folder("f")
    os.chdir(place)
    found = {"here": os.path.samefile(os.getcwd(), place), "text": open("f").read(), "exists": os.path.exists("f")}
    os.chdir(before)
    return found


@case
def os__umask():
    before = os.umask(0o77)
    path = folder() / "f"
    path.write_text("")
    os.umask(before)
    return stat.filemode(path.stat().st_mode)


@case
def os__descriptors():
    path = str(folder() / "f")
    number = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.write(number, b"abcdef")
    os.lseek(number, 2, os.SEEK_SET)
    copy = os.dup(number)
    found = {"read": os.read(copy, 2), "size": os.fstat(number).st_size, "tty": os.isatty(number)}
    os.close(number), os.close(copy)
    return dict(found, closed=raised(os.close, copy))


@case
def os__space_of_a_file_system():
    found = os.statvfs("/")
    return {"fields": found.f_blocks > 0 and found.f_frsize > 0, "usage": shutil.disk_usage("/")._fields}


@case
def os__a_named_pipe():
    def made():
        path = folder() / "fifo"
        os.mkfifo(path)
        return stat.S_ISFIFO(path.stat().st_mode)

    return raised(made)


@case
def os__path():
    join = os.path.join
    return [join("a", "/b"), join("a", "b", ""), os.path.splitext("a/b.tar.gz"), os.path.normpath("a/../b//c"), os.path.commonpath(["/a/b", "/a/c"])]


@case
def os__path_of_the_user():
    return {"home": os.path.expanduser("~/x") == os.path.join(os.environ["HOME"], "x"), "var": os.path.expandvars("${NO_SUCH}-$HOME") == "${NO_SUCH}-" + os.environ["HOME"]}


@case
def pathlib__parts_and_patterns():
    place = folder("a.txt", "b/c.txt", "d.log")
    path = pathlib.PurePosixPath("/x/y.tar.gz")
    return {
        "parts": path.parts,
        "names": (path.stem, path.suffixes, str(path.with_suffix(".zip"))),
        "glob": sorted(found.name for found in place.glob("*.txt")),
        "rglob": sorted(str(found.relative_to(place)) for found in place.rglob("*.txt")),
    }


@case
def pathlib__reading_and_writing():
    path = folder() / "new" / "f"
    path.parent.mkdir()
    path.write_bytes(b"\x00\xff")
    path.touch()
    found = {"bytes": path.read_bytes(), "exists": path.exists(), "file": path.is_file()}
    path.unlink()
    return dict(found, after=path.exists(), again=raised(path.unlink)[:24])


@case
def glob__patterns():
    place = folder("a1", "a2", "b1", ".hidden", "s/a3")
    names = lambda pattern, **options: sorted(os.path.relpath(found, place) for found in glob.glob(str(place / pattern), **options))
    return {"a": names("a*"), "set": names("[ab]1"), "deep": names("**/a*", recursive=True)}


@case
def fnmatch__patterns():
    return {"match": fnmatch.fnmatch("eth0", "eth[0-9]"), "list": fnmatch.filter(["a.py", "b.txt"], "*.py")}


@case
def shutil__copies_moves_and_trees():
    place = folder("a/one", "a/b/two")
    shutil.copytree(place / "a", place / "copy", ignore=shutil.ignore_patterns("two"))
    shutil.move(str(place / "a" / "one"), str(place / "moved"))
    shutil.copy2(place / "moved", place / "again")
    found = sorted(str(path.relative_to(place)) for path in place.rglob("*"))
    shutil.rmtree(place)
    return {"found": found, "gone": not place.exists()}


@case
def shutil__which():
    return {"sh": os.path.basename(shutil.which("sh")), "none": shutil.which("no-such-program-here")}


@case
def tempfile__files_and_folders():
    with tempfile.NamedTemporaryFile(suffix=".x", delete=True) as file, tempfile.TemporaryDirectory() as place:
        found = {"suffix": file.name.endswith(".x"), "mode": stat.filemode(os.stat(file.name).st_mode), "folder": os.path.isdir(place)}
    return dict(found, gone=not os.path.exists(file.name) and not os.path.exists(place))


@case
def tempfile__spooled():
    with tempfile.SpooledTemporaryFile(4) as file:
        file.write(b"123456")
        file.seek(0)
        return file.read()


@case
def fcntl__locks():
    import fcntl

    path = folder("f") / "f"
    with open(path) as one, open(path) as two:
        fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        second = raised(fcntl.flock, two, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(one, fcntl.LOCK_UN)
        return {"second": second, "free": fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)}


@case
def fcntl__flags():
    import fcntl

    ends = os.pipe()
    flags = fcntl.fcntl(ends[0], fcntl.F_GETFL)
    fcntl.fcntl(ends[0], fcntl.F_SETFL, flags | os.O_NONBLOCK)
    found = raised(os.read, ends[0], 1)
    os.close(ends[0]), os.close(ends[1])
    return found


@case
def mmap__a_file_in_memory():
    import mmap

    path = folder() / "f"
    path.write_bytes(b"hello world")
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        return {"found": memory.find(b"world"), "slice": memory[:5], "size": len(memory)}


@case
def zipfile__written_and_read():
    import zipfile

    place = folder()
    with zipfile.ZipFile(place / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.txt", "text" * 100)
    with zipfile.ZipFile(place / "z.zip") as archive:
        return {"names": archive.namelist(), "size": archive.getinfo("a/b.txt").file_size, "text": archive.read("a/b.txt")[:8], "bad": archive.testzip()}


@case
def tarfile__written_and_read():
    import tarfile

    place = folder("a", "b/c")
    with tarfile.open(place / "t.tar.gz", "w:gz") as archive:
        archive.add(place / "a", "a")
        archive.add(place / "b", "b")
    with tarfile.open(place / "t.tar.gz") as archive:
        return {"names": archive.getnames(), "text": archive.extractfile("b/c").read()}


@case
def filecmp__files_and_folders():
    import filecmp

    one, two = folder("a", "b"), folder("a", "c")
    compared = filecmp.dircmp(one, two)
    return {"same": filecmp.cmp(one / "a", two / "a", shallow=False), "only": (compared.left_only, compared.right_only)}


@case
def linecache__and_fileinput():
    import fileinput
    import linecache

    path = folder() / "f"
    path.write_text("one\ntwo\n")
    with fileinput.input([str(path)]) as lines:
        return {"line": linecache.getline(str(path), 2), "lines": [line.strip() for line in lines]}
