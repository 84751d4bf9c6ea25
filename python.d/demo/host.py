"""What this host is doing, read from /proc: load, memory, disks, network.

Each class is one collector: it runs every `interval` seconds and reports what it found.
Copy one and change it: nothing here needs more than the standard library.
"""

from datakit_framework import DataKitFramework


def read(path):
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


class Load(DataKitFramework):
    """Load averages as metrics, a log line each run, and an event while the load is high."""

    name = "Load"
    interval = 10

    def run(self):
        one, five, fifteen, tasks, _ = read("/proc/loadavg").split()
        running, total = tasks.split("/")
        cpus = read("/proc/stat").count("\ncpu")
        load = {
            "load1": float(one),
            "load5": float(five),
            "load15": float(fifteen),
            "running": int(running),
            "tasks": int(total),
            "cpus": cpus,
        }
        self.feed_metric(measurement="system", fields=load)

        high = load["load1"] > 2 * cpus
        message = "load %s %s %s, %s of %s tasks running" % (one, five, fifteen, running, total)
        self.feed_logging(
            source="demo", message=message, status="warning" if high else "info"
        )
        if high:
            self.feed_system_event(
                tags={"check": "load"},
                df_status="warning",
                df_event_id="demo-load",
                df_title="High load",
                df_message="%s on %d processors" % (message, cpus),
            )


class Memory(DataKitFramework):
    """Memory in bytes and per cent."""

    name = "Memory"
    interval = 10

    def run(self):
        kib = {}
        for line in read("/proc/meminfo").splitlines():
            key, value = line.split(":")
            kib[key] = int(value.split()[0])
        total, available = kib["MemTotal"], kib["MemAvailable"]
        self.feed_metric(
            measurement="mem",
            fields={
                "total": total * 1024,
                "available": available * 1024,
                "used": (total - available) * 1024,
                "used_percent": round(100 * (total - available) / total, 2),
                "swap_used": (kib["SwapTotal"] - kib["SwapFree"]) * 1024,
            },
        )


class Disk(DataKitFramework):
    """What each block device has read and written since the host started."""

    name = "Disk"
    interval = 10

    def run(self):
        points = []
        for line in read("/proc/diskstats").splitlines():
            columns = line.split()
            device = columns[2]
            if device.startswith(("loop", "ram", "zram")) or columns[3] == "0":
                continue
            points.append(
                {
                    "measurement": "diskio",
                    "tags": {"device": device},
                    "fields": {
                        "reads": int(columns[3]),
                        "read_bytes": int(columns[5]) * 512,
                        "writes": int(columns[7]),
                        "write_bytes": int(columns[9]) * 512,
                        "busy_ms": int(columns[12]),
                    },
                }
            )
        if points:
            return self.report({"M": points})


class Network(DataKitFramework):
    """What each network interface has received and sent since the host started."""

    name = "Network"
    interval = 10

    def run(self):
        for line in read("/proc/net/dev").splitlines()[2:]:
            interface, counters = line.split(":")
            counters = counters.split()
            self.feed_metric(
                measurement="net",
                tags={"interface": interface.strip()},
                fields={
                    "recv_bytes": int(counters[0]),
                    "recv_packets": int(counters[1]),
                    "recv_errors": int(counters[2]),
                    "sent_bytes": int(counters[8]),
                    "sent_packets": int(counters[9]),
                    "sent_errors": int(counters[10]),
                },
            )


class Host(DataKitFramework):
    """The host itself, as an object."""

    name = "Host"
    interval = 60

    def run(self):
        model = [
            line.split(":", 1)[1].strip()
            for line in read("/proc/cpuinfo").splitlines()
            if line.startswith("model name")
        ]
        self.feed_object(
            cls="HOST",
            name=read("/proc/sys/kernel/hostname").strip(),
            fields={
                "kernel": read("/proc/sys/kernel/osrelease").strip(),
                "cpus": read("/proc/stat").count("\ncpu"),
                "cpu_model": model[0] if model else "",
                "mem_total": int(read("/proc/meminfo").split()[1]) * 1024,
                "uptime_s": float(read("/proc/uptime").split()[0]),
            },
        )
