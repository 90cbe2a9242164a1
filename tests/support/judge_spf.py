"""What python3-spf says of senders. Run by Debian's own Python, which has that package:

    judge_spf.py RECORDS ADDRESS HELO SENDER

RECORDS is a file with the TXT records there are, as a JSON object {"name": "text"}. Prints the result for a client of that
IP address: "pass", "fail", …; ends with 77 where the package is missing."""

import json
import sys

try:
    import spf
except ImportError:
    sys.exit(77)


def main(records, address, helo, sender):
    with open(records, encoding="utf-8") as file:
        known = {name.lower().rstrip("."): text for name, text in json.load(file).items()}

    def look_up(name, kind, *_, **__):
        text = known.get(name.lower().rstrip("."))
        return [((name, kind), (text.encode(),))] if kind == "TXT" and text is not None else []

    spf.DNSLookup = look_up
    print(spf.check2(i=address, s=sender, h=helo)[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
