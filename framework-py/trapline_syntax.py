"""Says of each script whose path is in the JSON list on standard input why it cannot be compiled.

Nothing of a script is run. Written are JSON lines: [path, line or 0, message, this Python's version].
"""

import json
import sys
import warnings


def mistake_of(path):
    """(line or 0, message), or None when it compiles."""
    try:
        with open(path, "rb") as file:
            compile(file.read(), path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return error.lineno or 0, "%s: %s" % (type(error).__name__, error.msg)
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return 0, "%s: %s" % (type(error).__name__, error)
    except OSError:
        return None  # whether it can be read is somebody else's question
    return None


def main():
    version = "%d.%d" % sys.version_info[:2]
    warnings.simplefilter("ignore")
    for path in json.load(sys.stdin):
        mistake = mistake_of(path)
        if mistake:
            print(json.dumps([path, mistake[0], mistake[1], version]))


main()
