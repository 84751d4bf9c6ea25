"""Runs the cases of one file: each is a function that is decorated with `case` and returns what it found.

A case's point has its name as measurement and what it returned as fields: texts, numbers and truth values as they are,
all else as `repr` shows it. A case that raises has one field, `raised`. The name is `module__what_it_does`.
"""

CASES = {}


def case(function):
    CASES.setdefault(function.__globals__["__name__"], []).append(function)
    return function


def raised(function, *arguments, **options):
    """What a call raises: the name of the class and the message."""
    try:
        return "nothing, but returned %r" % (function(*arguments, **options),)
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)


def run(collector, module):
    """Goes on, in the next run, behind the case that ended this one without an exception that Python can catch."""
    waiting = collector.__dict__.setdefault("waiting", list(CASES[module]))
    while waiting:
        function = waiting.pop(0)
        try:
            found = function()
        except Exception as error:
            found = {"raised": "%s: %s" % (type(error).__name__, error)}
        if not isinstance(found, dict):
            found = {"value": found}
        plain = (str, int, float, bool)
        fields = {name: value if isinstance(value, plain) else repr(value) for name, value in found.items()}
        collector.feed_metric(measurement=function.__name__, fields=fields)
