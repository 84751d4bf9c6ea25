"""Programs that collectors start, and what they say to each other."""

import os
import signal
import subprocess
import sys
import tempfile

from compat import case, raised, run
from datakit_framework import DataKitFramework

PIPE, DEVNULL, STDOUT = subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT


class Processes(DataKitFramework):
    interval = 10

    def run(self):
        run(self, __name__)


@case
def subprocess__check_output():
    return subprocess.check_output(["printf", "a b\\n"])


@case
def subprocess__text_with_another_encoding():
    return subprocess.run(["printf", "\\344"], stdout=PIPE, encoding="latin-1").stdout


@case
def subprocess__universal_newlines():
    return subprocess.run(["printf", "a\\r\\nb"], stdout=PIPE, universal_newlines=True).stdout


@case
def subprocess__input_and_output():
    return subprocess.run(["tr", "a-z", "A-Z"], input="shout", stdout=PIPE, text=True).stdout


@case
def subprocess__a_megabyte_through_cat():
    data = os.urandom(1 << 20)
    return subprocess.run(["cat"], input=data, stdout=PIPE).stdout == data


@case
def subprocess__capture_output():
    done = subprocess.run("echo out; echo err >&2; exit 3", shell=True, capture_output=True, text=True)
    return {"out": done.stdout, "err": done.stderr, "code": done.returncode}


@case
def subprocess__stderr_into_stdout():
    return subprocess.check_output("echo 1; echo 2 >&2; echo 3", shell=True, stderr=STDOUT)


@case
def subprocess__stdin_from_another_child():
    first = subprocess.Popen(["printf", "a\\nb\\nc\\n"], stdout=PIPE)
    second = subprocess.Popen(["wc", "-l"], stdin=first.stdout, stdout=PIPE)
    first.stdout.close()
    return {"lines": int(second.communicate()[0]), "codes": (first.wait(), second.wait())}


@case
def subprocess__three_children_in_a_row():
    one = subprocess.Popen(["printf", "b\\na\\nb\\n"], stdout=PIPE)
    two = subprocess.Popen(["sort"], stdin=one.stdout, stdout=PIPE)
    three = subprocess.Popen(["uniq", "-c"], stdin=two.stdout, stdout=PIPE, text=True)
    return three.communicate()[0].split()


@case
def subprocess__output_into_a_file():
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        code = subprocess.call("echo out; echo err >&2", shell=True, stdout=out, stderr=err)
        out.seek(0), err.seek(0)
        return {"out": out.read(), "err": err.read(), "code": code}


@case
def subprocess__output_appended_to_a_file():
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write("first\n")
        file.flush()
        subprocess.check_call(["echo", "second"], stdout=file)
        return open(file.name).read()


@case
def subprocess__input_from_a_file():
    with tempfile.TemporaryFile() as file:
        file.write(b"x\ny\n")
        file.seek(0)
        return subprocess.check_output(["cat"], stdin=file)


@case
def subprocess__input_from_devnull():
    return subprocess.check_output(["cat"], stdin=DEVNULL)


@case
def subprocess__output_to_devnull():
    return subprocess.call("echo not here; echo not here >&2", shell=True, stdout=DEVNULL, stderr=DEVNULL)


@case
def subprocess__output_into_a_pipe_of_os():
    ends = os.pipe()
    subprocess.check_call(["echo", "piped"], stdout=ends[1])
    os.close(ends[1])
    found = os.read(ends[0], 100)
    os.close(ends[0])
    return found


@case
def subprocess__dialogue_line_by_line():
    with subprocess.Popen(["cat"], stdin=PIPE, stdout=PIPE, text=True, bufsize=1) as child:
        answers = []
        for word in ("one", "two"):
            child.stdin.write(word + "\n")
            answers.append(child.stdout.readline())
        child.stdin.close()
        return {"answers": answers, "code": child.wait()}


@case
def subprocess__unbuffered_bytes_to_and_fro():
    child = subprocess.Popen(["cat"], stdin=PIPE, stdout=PIPE, bufsize=0)
    child.stdin.write(b"ping")
    answer = os.read(child.stdout.fileno(), 4)
    rest = child.communicate()
    return {"answer": answer, "rest": rest[0], "code": child.returncode}


@case
def subprocess__lines_of_output_one_by_one():
    child = subprocess.Popen(["seq", "3"], stdout=PIPE, text=True)
    return [line.strip() for line in child.stdout] + [child.wait()]


@case
def subprocess__environment_of_its_own():
    return subprocess.check_output(["/bin/sh", "-c", "echo $A-$B"], env={"A": "1"}, text=True)


@case
def subprocess__environment_that_os_environ_holds():
    os.environ["COMPAT_SET"] = "here"
    seen = subprocess.check_output("echo $COMPAT_SET", shell=True, text=True)
    del os.environ["COMPAT_SET"]
    return {"seen": seen, "after": subprocess.check_output("echo $COMPAT_SET", shell=True, text=True)}


@case
def subprocess__folder_of_its_own():
    return subprocess.check_output(["pwd"], cwd="/usr", text=True)


@case
def subprocess__umask_of_its_own():
    return subprocess.check_output("umask", shell=True, umask=0o27, text=True)


@case
def subprocess__session_of_its_own():
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    leads = os.getpgid(child.pid) == child.pid and os.getsid(child.pid) == child.pid
    os.killpg(child.pid, signal.SIGKILL)
    return {"leads": leads, "code": child.wait()}


@case
def subprocess__descriptors_passed_on():
    ends = os.pipe()
    child = subprocess.Popen(["sh", "-c", "echo through >/dev/fd/%d" % ends[1]], pass_fds=[ends[1]])
    os.close(ends[1])
    found = os.read(ends[0], 100)
    os.close(ends[0])
    return {"found": found, "code": child.wait()}


@case
def subprocess__time_limit():
    try:
        subprocess.run(["sleep", "60"], timeout=0.05)
    except subprocess.TimeoutExpired as error:
        return {"cmd": error.cmd, "timeout": error.timeout > 0}


@case
def subprocess__time_limit_keeps_the_output():
    try:
        subprocess.run("echo early; exec sleep 60", shell=True, timeout=0.5, stdout=PIPE)
    except subprocess.TimeoutExpired as error:
        return error.output


@case
def subprocess__program_that_is_missing():
    return raised(subprocess.run, ["no-such-program-here"])


@case
def subprocess__program_that_may_not_run():
    return raised(subprocess.run, ["/etc/passwd"])


@case
def subprocess__folder_that_is_missing():
    return raised(subprocess.run, ["ls"], cwd="/no/such/folder")


@case
def subprocess__code_that_is_checked():
    return raised(subprocess.check_call, "exit 3", shell=True)


@case
def subprocess__signals_and_codes():
    codes = []
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1):  # a shell's background ignores SIGINT
        child = subprocess.Popen(["sleep", "60"])
        child.send_signal(number)
        codes.append(child.wait())
    return codes


@case
def subprocess__terminate_and_poll():
    child = subprocess.Popen(["sleep", "60"])
    before = child.poll()
    child.terminate()
    return {"before": before, "after": child.wait(5), "polled": child.poll()}


@case
def subprocess__number_is_the_real_one():
    child = subprocess.Popen("echo $$", shell=True, stdout=PIPE)
    return int(child.communicate()[0]) == child.pid


@case
def subprocess__getstatusoutput():
    return subprocess.getstatusoutput("echo told; exit 2")


@case
def subprocess__preexec_fn():
    return raised(subprocess.run, ["true"], preexec_fn=os.getpid)


@case
def subprocess__sys_executable():
    return raised(lambda: subprocess.check_output([sys.executable, "-c", "print(6 * 7)"]))


@case
def os__system():
    return {"ok": os.system("exit 0"), "code": os.WEXITSTATUS(os.system("exit 3"))}


@case
def os__popen():
    with os.popen("echo opened; exit 2") as pipe:
        text = pipe.read()
    return {"text": text, "status": pipe.close()}


@case
def os__popen_for_writing():
    with tempfile.NamedTemporaryFile() as file:
        pipe = os.popen("cat > " + file.name, "w")
        pipe.write("written")
        pipe.close()
        return file.read()


@case
def os__wait_status():
    child = subprocess.Popen("exit 5", shell=True)
    pid, status = os.waitpid(child.pid, 0)
    return {"ours": pid == child.pid, "exited": os.WIFEXITED(status), "code": os.waitstatus_to_exitcode(status)}


@case
def os__kill_zero_asks_whether_it_lives():
    child = subprocess.Popen(["sleep", "60"])
    alive = raised(os.kill, child.pid, 0)
    child.kill()
    child.wait()
    return {"alive": alive, "dead": raised(os.kill, child.pid, 0)}


@case
def os__fork():
    def fork():
        pid = os.fork()
        if pid == 0:
            os._exit(7)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    return raised(fork)


@case
def os__posix_spawn():
    return raised(lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)[1])


@case
def os__spawn():
    return raised(lambda: os.spawnlp(os.P_WAIT, "true", "true"))


@case
def shlex__split_and_quote():
    import shlex

    return {"split": shlex.split("a 'b c' \"d e\" f\\ g"), "quoted": shlex.quote("it's")}


@case
def signal__names_and_handlers():
    return {"name": signal.Signals(15).name, "number": int(signal.SIGHUP), "text": signal.strsignal(9)}


@case
def pty__a_terminal_for_a_child():
    import pty

    main, its = pty.openpty()
    code = subprocess.call("test -t 1 && echo terminal", shell=True, stdout=its)
    os.close(its)
    found = os.read(main, 100)
    os.close(main)
    return {"code": code, "found": found}
