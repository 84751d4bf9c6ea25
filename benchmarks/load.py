"""What the benchmarks that load a server have in common."""
import os, pathlib, re, shutil, socket, subprocess, sys

PACKAGES = {"wrk": "wrk", "vmagent": "victoria-metrics", "victoria-metrics": "victoria-metrics", "influxd": "influxdb"}


def need(program):
    if not shutil.which(program):
        if os.getuid() != 0 or not shutil.which("apt-get"):
            sys.exit(f"{sys.argv[0]}: {program} is missing; install the package {PACKAGES[program]}")
        subprocess.run(["apt-get", "install", "-qy", PACKAGES[program]], check=True, stdout=subprocess.DEVNULL)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_seconds(pids):
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def peak_mib(pids):
    return sum(int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{p}/status").read_text()).group(1)) for p in pids) / 1024


def family(pid):
    """The process and those below it: a launcher may have started the real one, and any of its threads others."""
    pids = [pid]
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            pids += family(int(child))
    return pids
