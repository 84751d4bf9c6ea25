"""What GraalPy's `time` leaves out or gets wrong, as CPython has it on Linux in the C locale.

`strftime` knows all letters and flags of the C library; `mktime` takes what is out of range; the clocks can be asked.
"""

import _thread
import operator
import time

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July")
_MONTHS += ("August", "September", "October", "November", "December")
_DAYS_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_COMPOSED = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "r": "%I:%M:%S %p",
    "R": "%H:%M",
    "T": "%H:%M:%S",
    "x": "%m/%d/%y",
    "X": "%H:%M:%S",
}


def install():
    time.strftime = strftime
    time.mktime = mktime
    time.sleep = _sleep_by(time.sleep)
    clocks = {
        "CLOCK_REALTIME": (0, time.time_ns),
        "CLOCK_MONOTONIC": (1, time.monotonic_ns),
        "CLOCK_PROCESS_CPUTIME_ID": (2, time.process_time_ns),
        "CLOCK_THREAD_CPUTIME_ID": (3, time.thread_time_ns),
        "CLOCK_MONOTONIC_RAW": (4, time.monotonic_ns),
        "CLOCK_BOOTTIME": (7, _since_boot_ns),
    }
    readers = dict(clocks.values())

    def clock_gettime_ns(clock):
        if clock not in readers:
            raise OSError(22, "Invalid argument")
        return readers[clock]()

    def clock_gettime(clock):
        return clock_gettime_ns(clock) / 1e9

    def clock_getres(clock):
        clock_gettime_ns(clock)
        return 1e-9

    if not hasattr(time, "clock_gettime"):
        time.clock_gettime, time.clock_gettime_ns, time.clock_getres = clock_gettime, clock_gettime_ns, clock_getres
        for name, (number, _) in clocks.items():
            setattr(time, name, number)


def _sleep_by(sleep_seconds):
    """GraalPy's own sleeps up to a second too long when it is given a whole number, and cannot be interrupted when it is
    given a float; waiting for a lock that nobody lets go is right in both."""

    def sleep(seconds):
        wait = seconds if isinstance(seconds, float) else float(operator.index(seconds))
        if wait > 0:
            held = _thread.allocate_lock()
            held.acquire()
            held.acquire(True, wait)
        else:
            sleep_seconds(wait)

    return sleep


def _since_boot_ns():
    with open("/proc/uptime") as file:
        return int(float(file.read().split()[0]) * 1e9)


def _days(year):
    """From 1970 to the first of a year."""
    year -= 1
    return year * 365 + year // 4 - year // 100 + year // 400 - 719162


def _is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _as_if_utc(moment):
    """Seconds since 1970 of a broken-down time without a zone; what is out of range is carried over."""
    year, month = moment[0] + (moment[1] - 1) // 12, (moment[1] - 1) % 12
    leap = 1 if month > 1 and _is_leap(year) else 0
    days = _days(year) + _DAYS_BEFORE_MONTH[month] + leap + moment[2] - 1
    return ((days * 24 + moment[3]) * 60 + moment[4]) * 60 + moment[5]


def mktime(moment):
    moment = tuple(moment)
    if len(moment) != 9:
        raise TypeError("mktime(): illegal time tuple argument")
    wall, summer = _as_if_utc(moment), moment[8]
    found = wall
    for _ in range(2):  # the second look is for the hours around a change
        found = wall - time.localtime(found).tm_gmtoff
    there = time.localtime(found).tm_isdst
    if summer >= 0 and there >= 0 and (summer > 0) != (there > 0) and time.daylight:
        found += 3600 if there else -3600
    return float(found)


def _week(moment, first):
    """Of the year, from 0; weeks begin at weekday `first` (0 = Monday)."""
    return (moment[7] + 6 - (moment[6] - first) % 7) // 7


def _iso_week(moment):
    """(year, week) by ISO 8601."""
    year, thursday = moment[0], moment[7] - 1 + 3 - moment[6]  # of this week, as a day of the year from 0
    if thursday < 0:
        year -= 1
        thursday += 366 if _is_leap(year) else 365
    elif thursday >= (366 if _is_leap(year) else 365):
        thursday -= 366 if _is_leap(year) else 365
        year += 1
    return year, thursday // 7 + 1


def strftime(format, moment=None):
    if not isinstance(format, str):
        raise TypeError("strftime() argument 1 must be str, not " + type(format).__name__)
    if moment is None:
        moment = time.localtime()
    zone = getattr(moment, "tm_zone", None)
    offset = getattr(moment, "tm_gmtoff", None)
    moment = tuple(moment)
    if len(moment) != 9:
        raise TypeError("time.strftime(): illegal time tuple argument")
    for value, least, most, name in (
        (moment[1], 0, 12, "month"),
        (moment[2], 0, 31, "day of month"),
        (moment[3], 0, 23, "hour"),
        (moment[4], 0, 59, "minute"),
        (moment[5], 0, 61, "seconds"),
        (moment[7], 0, 366, "day of year"),
    ):
        if not least <= value <= most:
            raise ValueError(name + " out of range")
    if moment[6] < 0:
        raise ValueError("day of week out of range")
    moment = (moment[0], moment[1] or 1, moment[2] or 1) + moment[3:6] + (moment[6] % 7, moment[7] or 1, moment[8])
    if zone is None:
        zone = time.tzname[1 if moment[8] > 0 else 0] if moment[8] >= 0 else ""
        offset = 0  # nine numbers alone do not say it
    return "".join(_formatted(format, moment, zone, offset))


def _formatted(format, moment, zone, offset):
    at, end = 0, len(format)
    while at < end:
        if format[at] != "%":
            yield format[at]
            at += 1
            continue
        begin = at
        at += 1
        flags = ""
        while at < end and format[at] in "-_0^#":
            flags += format[at]
            at += 1
        width = ""
        while at < end and format[at].isdigit():
            width += format[at]
            at += 1
        if at < end and format[at] in "EO":
            at += 1
        if at == end:
            yield format[begin:]  # the C library leaves what is no conversion as it is
            return
        text = _converted(format[at], flags, int(width or 0), moment, zone, offset)
        yield format[begin : at + 1] if text is None else text
        at += 1


def _converted(letter, flags, width, moment, zone, offset):
    year, month, day, hour, minute, second, weekday, of_year, _ = moment
    if letter in _COMPOSED:
        return _padded("".join(_formatted(_COMPOSED[letter], moment, zone, offset)), flags.replace("#", ""), width)
    if letter in "%nt":
        return _padded({"%": "%", "n": "\n", "t": "\t"}[letter], flags, width)
    texts = {
        "a": lambda: _DAYS[weekday][:3],
        "A": lambda: _DAYS[weekday],
        "b": lambda: _MONTHS[month - 1][:3],
        "B": lambda: _MONTHS[month - 1],
        "h": lambda: _MONTHS[month - 1][:3],
        "p": lambda: "AM" if hour < 12 else "PM",
        "Z": lambda: zone,
        "z": lambda: "%s%02d%02d" % ("-" if offset < 0 else "+", abs(offset) // 3600, abs(offset) // 60 % 60),
    }
    if letter == "P":  # stays as it is with every flag
        return ("am" if hour < 12 else "pm").rjust(width, "0" if "0" in flags else " ")
    if letter in texts:
        return _padded(texts[letter](), flags, width)
    twelve = (hour + 11) % 12 + 1
    numbers = {  # value, digits, what it is filled with
        "C": lambda: (year // 100, 2, "0"),
        "d": lambda: (day, 2, "0"),
        "e": lambda: (day, 2, " "),
        "g": lambda: (_iso_week(moment)[0] % 100, 2, "0"),
        "G": lambda: (_iso_week(moment)[0], 1, "0"),
        "H": lambda: (hour, 2, "0"),
        "I": lambda: (twelve, 2, "0"),
        "j": lambda: (of_year, 3, "0"),
        "k": lambda: (hour, 2, " "),
        "l": lambda: (twelve, 2, " "),
        "m": lambda: (month, 2, "0"),
        "M": lambda: (minute, 2, "0"),
        "s": lambda: (int(mktime(moment)), 1, "0"),
        "S": lambda: (second, 2, "0"),
        "u": lambda: (weekday + 1, 1, "0"),
        "U": lambda: (_week(moment, 6), 2, "0"),
        "V": lambda: (_iso_week(moment)[1], 2, "0"),
        "w": lambda: ((weekday + 1) % 7, 1, "0"),
        "W": lambda: (_week(moment, 0), 2, "0"),
        "y": lambda: (year % 100, 2, "0"),
        "Y": lambda: (year, 1, "0"),
    }
    if letter not in numbers:
        return None
    value, digits, fill = numbers[letter]()
    if "-" in flags:
        return str(value).rjust(width)
    if "_" in flags:
        fill = " "
    elif "0" in flags:
        fill = "0"
    return str(value).rjust(max(digits, width), fill)


def _padded(text, flags, width):
    if "^" in flags:
        text = text.upper()
    if "#" in flags:
        text = text.swapcase() if text.isupper() else text.upper()
    return text.rjust(width, "0" if "0" in flags else " ")
