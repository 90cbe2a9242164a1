"""What python3-dkim says of the ARC chain of a message. Run by Debian's own Python, which has that package:

    judge_arc.py RECORDS <MESSAGE

RECORDS is a file with the TXT records there are, as a JSON object {"name": "text"}. Prints what the chain is worth ("none",
"pass" or "fail"), how many instances it has, and why; ends with 77 where the package is missing."""

import json
import sys

try:
    import dkim
except ImportError:
    sys.exit(77)


def main(records):
    with open(records, encoding="utf-8") as file:
        known = {name.lower().rstrip("."): text for name, text in json.load(file).items()}

    def look_up(name, timeout=5):
        found = known.get(name.decode().lower().rstrip("."))
        return found.encode() if found is not None else None

    worth, results, why = dkim.arc_verify(sys.stdin.buffer.read(), dnsfunc=look_up)
    print((worth or b"fail").decode(), len(results), why)


if __name__ == "__main__":
    main(*sys.argv[1:])
