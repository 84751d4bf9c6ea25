import math
import time

from datakit_framework import DataKitFramework

STATUS = ["info", "info", "warning", "info", "error"]
TEXT = {
    "info": "order %d paid",
    "warning": "payment gateway answered slowly, order %d",
    "error": "disk full while writing order %d",
}


class Queue(DataKitFramework):
    interval = 1

    def run(self):
        now = time.time()
        for name, base in (("mail", 30), ("orders", 80), ("thumbnails", 12)):
            for zone in ("a", "b"):
                length = base + base / 3 * math.sin(now / 20 + len(name) + len(zone))
                self.feed_metric(
                    measurement="queue",
                    tags={"name": name, "zone": zone},
                    fields={"length": length, "served": int(now * base)},
                )
        self.feed_metric(measurement="shop", fields={"version": "2.4.1"})


class Talk(DataKitFramework):
    interval = 1
    n = 0

    def run(self):
        self.n += 1
        for i in range(3):
            status = STATUS[(self.n + i) % len(STATUS)]
            self.feed_logging(
                source="checkout",
                message=TEXT[status] % (self.n * 3 + i),
                status=status,
                tags={"service": "checkout", "user": "u%d" % (self.n % 7)},
            )
        for event, title, states in (
            ("cpu", "CPU is busy", ["warning", "critical"]),
            ("backup", "Backup", ["critical", "ok"]),
        ):
            if self.n <= len(states):
                self.feed_monitor_event(
                    df_dimension_tags="{}",
                    tags={"check": event},
                    df_status=states[self.n - 1],
                    df_event_id=event,
                    df_title=title,
                    df_message="run %d" % self.n,
                )
        self.feed_object(cls="HOST", name="web01", fields={"cpus": 8})
        self.feed_object(
            cls="docker",
            name="shop-1",
            fields={"image": "shop:2.4.%d" % (self.n // 9), "starts": self.n},
        )
        self.report({"R": [{"measurement": "view", "tags": {"page": "/cart"}, "fields": {"ms": 120.5}}]})


class Broken(DataKitFramework):
    interval = 1

    def run(self):
        stock = {"apples": 3}
        print("looking for pears")
        self.feed_metric(measurement="stock", fields={"pears": stock["pears"]})
