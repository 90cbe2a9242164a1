"""What python3-dkim says of the signatures of a message. Run by Debian's own Python, which has that package:

    judge_dkim.py RECORDS <MESSAGE

RECORDS is a file with the TXT records there are, as a JSON object {"name": "text"}. Prints a line for each signature, the
topmost first: "pass" or "fail", its domain, its selector and its algorithm; ends with 77 where the package is missing."""

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

    message = sys.stdin.buffer.read()
    count = sum(1 for name, _ in dkim.rfc822_parse(message)[0] if name.lower() == b"dkim-signature")
    for index in range(count):
        judge = dkim.DKIM(message)
        try:
            passes = judge.verify(idx=index, dnsfunc=look_up)
        except dkim.DKIMException as why:
            print("fail", why)
            continue
        fields = {name: value.decode() for name, value in judge.signature_fields.items()}
        print("pass" if passes else "fail", fields[b"d"], fields[b"s"], fields[b"a"])


if __name__ == "__main__":
    main(*sys.argv[1:])
