"""Times, zones, numbers and locales."""

import calendar
import cmath
import datetime
import decimal
import fractions
import locale
import math
import os
import random
import statistics
import time

from compat import case, raised, run
from datakit_framework import DataKitFramework

SUMMER = (2024, 7, 4, 5, 6, 7, 3, 186, 1)
WINTER = (2023, 1, 1, 15, 6, 7, 6, 1, 0)


class Times(DataKitFramework):
    interval = 10

    def run(self):
        run(self, __name__)


class Zone:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.before = os.environ.get("TZ")
        os.environ["TZ"] = self.name
        time.tzset()

    def __exit__(self, *error):
        if self.before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = self.before
        time.tzset()


@case
def time__strftime():
    letters = "aAbBcdDeFgGhHIjklmMnpPrRStTuUVwWxXyYC%"
    return {"summer": [time.strftime("%" + letter, SUMMER) for letter in letters], "winter": [time.strftime("%" + letter, WINTER) for letter in letters]}


@case
def time__strftime_with_the_zone():
    with Zone("America/New_York"):
        moments = [time.localtime(1720000000), time.localtime(1705000000), time.gmtime(1720000000)]
        return [time.strftime("%Y-%m-%dT%H:%M:%S%z %Z", moment) for moment in moments]


@case
def time__strftime_with_the_zone_now():
    with Zone("Asia/Tokyo"):
        return time.strftime("%z %Z")


@case
def time__strftime_of_a_tuple():
    with Zone("America/New_York"):
        return [time.strftime("%Z", SUMMER), time.strftime("%Z", WINTER), time.strftime("%s", (2024, 7, 4, 5, 6, 7, 3, 186, -1))]


@case
def time__strftime_odds_and_ends():
    return [time.strftime(text, SUMMER) for text in ("%-d", "%_H", "%%z", "100%", "ü %d", "", "%5Y")]


@case
def time__tzset_and_its_names():
    found = []
    for name in ("America/New_York", "Europe/Berlin", "UTC", "Asia/Kolkata"):
        with Zone(name):
            found.append((time.tzname, time.timezone, time.altzone, time.daylight))
    return found


@case
def time__zones_written_out():
    found = []
    for name in ("XYZ-3", "EST5EDT,M3.2.0,M11.1.0", "CET-1CEST"):
        with Zone(name):
            moment = time.localtime(1720000000)
            found.append((time.tzname, time.timezone, moment[:6], moment.tm_isdst))
    return found


@case
def time__localtime_and_gmtime():
    with Zone("America/New_York"):
        there, here = time.localtime(1720000000.9), time.gmtime(1720000000)
        return {"local": tuple(there), "zone": (there.tm_zone, there.tm_gmtoff), "gmt": tuple(here), "gmtzone": (here.tm_zone, here.tm_gmtoff)}


@case
def time__mktime():
    with Zone("America/New_York"):
        return [time.mktime(SUMMER), time.mktime(WINTER), time.mktime((2024, 7, 4, 5, 6, 7, 0, 0, -1)), time.mktime((2024, 13, 35, 0, 0, 0, 0, 0, -1))]


@case
def time__strptime():
    forms = [
        ("2024-07-04 05:06:07 +0200", "%Y-%m-%d %H:%M:%S %z"),
        ("04/Jul/2024:05:06:07 +0000", "%d/%b/%Y:%H:%M:%S %z"),
        ("Jul  4 05:06:07", "%b %d %H:%M:%S"),
        ("Thu Jul  4 05:06:07 2024", "%c"),
        ("07/04/24 12 AM", "%x %I %p"),
    ]
    found = [(tuple(time.strptime(text, form)), time.strptime(text, form).tm_gmtoff) for text, form in forms]
    return {"found": found, "wrong": raised(time.strptime, "4.7.", "%Y-%m")}


@case
def time__ctime_and_asctime():
    with Zone("UTC"):
        return [time.ctime(0), time.asctime(SUMMER), time.asctime(time.gmtime(1e9))]


@case
def time__clocks():
    clocks = [time.time(), time.monotonic(), time.perf_counter(), time.process_time(), time.thread_time()]
    after = [time.time(), time.monotonic(), time.perf_counter(), time.process_time(), time.thread_time()]
    return {"forward": all(one <= two for one, two in zip(clocks, after)), "ns": abs(time.time_ns() / 1e9 - time.time()) < 10, "boot": time.clock_gettime(time.CLOCK_BOOTTIME) > 0}


@case
def datetime__strftime_and_isoformat():
    zone = datetime.timezone(datetime.timedelta(hours=-3, minutes=-30), "XX")
    moment = datetime.datetime(2024, 7, 4, 5, 6, 7, 89, tzinfo=zone)
    return {"texts": [moment.strftime("%" + letter) for letter in "aAbBcdfGHIjmMpSuUVwWxXyYzZ%"], "iso": moment.isoformat(timespec="milliseconds"), "utc": moment.astimezone(datetime.timezone.utc).isoformat()}


@case
def datetime__parsing():
    form = "%Y-%m-%dT%H:%M:%S.%f%z"
    return [
        datetime.datetime.strptime("2024-07-04T05:06:07.5Z", form).isoformat(),
        datetime.datetime.strptime("2024-07-04T05:06:07.5+05:30", form).isoformat(),
        datetime.datetime.fromisoformat("2024-07-04T05:06:07+02:00").isoformat(),
        raised(datetime.datetime.strptime, "4 July", "%Y"),
    ]


@case
def datetime__local_times():
    with Zone("Europe/Berlin"):
        moment = datetime.datetime.fromtimestamp(1720000000)
        return {"local": moment.isoformat(), "back": moment.timestamp(), "aware": moment.astimezone().isoformat(), "name": moment.astimezone().tzname(), "winter": datetime.datetime(2024, 1, 4).timestamp()}


@case
def datetime__arithmetic():
    day, delta = datetime.date(2024, 2, 29), datetime.timedelta(days=1, seconds=3661, microseconds=5)
    return {"year": raised(day.replace, year=2023), "week": tuple(day.isocalendar()), "delta": str(delta), "seconds": delta.total_seconds(), "ratio": delta / datetime.timedelta(hours=1), "next": (day + delta).isoformat()}


@case
def zoneinfo__zones():
    import zoneinfo

    berlin, tokyo = zoneinfo.ZoneInfo("Europe/Berlin"), zoneinfo.ZoneInfo("Asia/Tokyo")
    moment = datetime.datetime(2024, 3, 31, 1, 30, tzinfo=berlin)
    return {
        "summer": datetime.datetime(2024, 7, 1, tzinfo=berlin).isoformat(),
        "name": moment.tzname(),
        "later": (moment.astimezone(datetime.timezone.utc) + datetime.timedelta(hours=1)).astimezone(berlin).isoformat(),
        "tokyo": moment.astimezone(tokyo).isoformat(),
        "fold": datetime.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=berlin).isoformat(),
    }


@case
def zoneinfo__where_they_are():
    import zoneinfo

    return {"path": "/usr/share/zoneinfo" in zoneinfo.TZPATH, "many": len(zoneinfo.available_timezones()) > 300, "unknown": raised(zoneinfo.ZoneInfo, "Mars/Base")}


@case
def calendar__months():
    return {"range": [int(number) for number in calendar.monthrange(2024, 2)], "leap": calendar.isleap(2100), "gm": calendar.timegm((2024, 7, 4, 0, 0, 0)), "names": list(calendar.month_abbr)[1:4], "text": calendar.month(2024, 2)}


@case
def math__functions():
    return [math.isclose(0.1 + 0.2, 0.3), math.gcd(12, 18), math.floor(-1.5), math.fsum([0.1] * 10), math.hypot(3, 4), math.comb(10, 3), math.nan != math.nan, math.log2(1024), cmath.sqrt(-1), raised(math.sqrt, -1)]


@case
def int__large_ones_and_bases():
    return {"power": 7**77, "shift": (1 << 100) >> 98, "bases": (hex(255), int("ff", 16), int("0b11", 0), f"{1234567:_}"), "bits": (-5).bit_length(), "bytes": (1023).to_bytes(2, "big"), "division": (-7 // 2, -7 % 2, divmod(7, -2))}


@case
def float__texts():
    return [repr(0.1), str(1e16), repr(1e-7), "%.3g" % 1234.5678, f"{1234.5678:,.2f}", f"{0.256:.1%}", float("1e400"), (0.5).hex(), round(2.5), round(2.675, 2), (2.5).as_integer_ratio()]


@case
def decimal__exact():
    number = decimal.Decimal
    with decimal.localcontext() as context:
        context.prec = 6
        third = number(1) / number(3)
    return {"sum": number("0.1") + number("0.2"), "third": third, "rounded": number("2.675").quantize(number("0.01"), decimal.ROUND_HALF_UP), "zero": raised(lambda: number(1) / 0), "text": f"{number('1234567.891'):,.2f}"}


@case
def fractions__exact():
    return [fractions.Fraction(1, 3) + fractions.Fraction("0.25"), fractions.Fraction(0.5), fractions.Fraction(3.14159).limit_denominator(100)]


@case
def statistics__of_samples():
    data = [1, 2, 2, 3, 10]
    return [statistics.mean(data), statistics.median(data), statistics.mode(data), round(statistics.stdev(data), 9), statistics.quantiles(data, n=4), raised(statistics.mean, [])]


@case
def random__from_a_seed():
    numbers = random.Random(42)
    return [numbers.random(), numbers.randint(1, 100), numbers.choice("abc"), numbers.sample(range(10), 3), round(numbers.gauss(0, 1), 9)]


@case
def locale__the_c_locale():
    return {"set": locale.setlocale(locale.LC_ALL, "C"), "point": locale.localeconv()["decimal_point"], "format": locale.format_string("%.2f", 1234.5, grouping=True), "float": locale.atof("1.5")}


@case
def locale__c_utf_8():
    return raised(lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8"))


@case
def locale__one_that_is_missing():
    return raised(locale.setlocale, locale.LC_ALL, "xx_XX.UTF-8")


@case
def locale__preferred_encoding():
    return locale.getpreferredencoding(False).upper()
