"""What the start cache of the embedded Python is made from: `PythonBridge.train` runs this collector once.

The cache keeps what a run like this one loads and links, and what it learns about the interpreter's hot paths, so that
it is there at every later start. The modules are those that collectors import most; none but the standard library's.
"""

import collections  # noqa: F401
import csv  # noqa: F401
import datetime
import functools  # noqa: F401
import hashlib  # noqa: F401
import json
import logging  # noqa: F401
import os
import random  # noqa: F401
import re
import shutil  # noqa: F401
import socket  # noqa: F401
import ssl  # noqa: F401
import subprocess  # noqa: F401
import urllib.parse  # noqa: F401
import urllib.request  # noqa: F401

from datakit_framework import DataKitFramework


class Training(DataKitFramework):
    def run(self):
        now = datetime.datetime.now().isoformat()
        for number in range(500):
            self.feed_metric(measurement="training", tags={"host": "a"}, fields={"f": number, "g": 0.5, "t": now})
            if number % 10 == 0:
                self.feed_logging(source="training", message="line %d" % number, level="info")
                self.feed_object(cls="training", name=os.sep, fields={"n": number})
                self.feed_system_event(df_status="ok", df_event_id=str(number), df_title="title")
                print(re.sub(r"\d+", "n", json.dumps({"number": number})))
        self.report({"M": [{"measurement": "training", "tags": {"n": 1}, "fields": {"f": [1]}, "time": 1.5}], "input": "t"})
