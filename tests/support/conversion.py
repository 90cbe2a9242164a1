"""Whether a message that was converted for a server of seven or eight bits (RFC 6152 3, RFC 3030 3) still says what it
said before. The judge is Python's email package, which has no part in the conversion.
"""

import base64
import email
import email.policy
import os
import re
from email.errors import CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect

# What a conversion changes or adds (RFC 1428 2, RFC 2045 6).
OF_THE_CONVERSION = {"content-transfer-encoding"}
ADDED = {"mime-version": "1.0", "content-type": "text/plain; charset=unknown-8bit"}
POLICY = email.policy.compat32
ENDLESS = (StartBoundaryNotFoundDefect, CloseBoundaryNotFoundDefect)

# What must go back instead of being converted: it would be another message then, or nobody knows how.
SIGNED_OR_IN_PIECES = re.compile(
    rb"multipart\s*/\s*(signed|encrypted)|message\s*/\s*(partial|external-body)", re.IGNORECASE
)
ENCODING = re.compile(rb"content-transfer-encoding:\s*\"?([^\s;\"]+)", re.IGNORECASE)
KNOWN_ENCODINGS = {b"7bit", b"8bit", b"binary", b"quoted-printable", b"base64"}


def plain(octets):
    """With line ends of one kind."""
    return re.sub(rb"\r\n|\r|\n", b"\n", octets)


def has_bare(octets):
    """Whether there is a CR without its LF or an LF without its CR."""
    return octets.count(b"\r\n") != octets.count(b"\n") or octets.count(b"\r\n") != octets.count(b"\r")


def may_be_returned(octets):
    """Whether a message may go back to its sender because nobody can convert it."""
    return bool(SIGNED_OR_IN_PIECES.search(octets)) or any(
        each.lower() not in KNOWN_ENCODINGS for each in ENCODING.findall(octets)
    )


def difference(original, converted):
    """What differs, in words; None when nothing does but what a conversion is for."""
    before, after = (
        email.message_from_bytes(_for_the_judge(each), policy=POLICY) for each in (_hide(original), converted)
    )
    found = _parts_differ(before, after, "message")
    # Of broken mail the judge has another opinion than we; its letters are there all the same.
    is_broken = CR_ALONE in _hide(original) or any(part.defects for part in before.walk())
    if found and is_broken and _letters(original) == _letters(converted):
        return None
    return found


IN_BASE64 = re.compile(
    rb"^content-transfer-encoding:\s*base64[ \t]*\r?\n\r?\n((?:[A-Za-z0-9+/=]+\r?\n)*[A-Za-z0-9+/=]*)",
    re.IGNORECASE | re.MULTILINE,
)
# What calls itself a multipart and has no boundary line cannot be encoded under that name (RFC 2045 6.4).
OF_A_CONVERSION = re.compile(
    rb"^(content-transfer-encoding:.*|mime-version: 1\.0|content-type: text/plain; charset=unknown-8bit"
    rb"|content-type:\s*multipart/.*(\n[ \t].*)*)$",
    re.IGNORECASE | re.MULTILINE,
)


def _letters(octets):
    """Letters and digits alone, those that were put in base64 as they were. We name that encoding last in a header."""

    def decode(found):
        try:
            return base64.b64decode(found.group(1))
        except ValueError:
            return found.group()

    return re.sub(rb"\W+", b"", OF_A_CONVERSION.sub(b"", plain(IN_BASE64.sub(decode, octets))))


# A CR alone ends no line (RFC 2046 4.1.1), but to the judge it does.
CR_ALONE = b"\1"


# "=0D" at the end of a line whose newline is a bare LF: one line end to the judge, before that newline was mended.
CR_BEFORE_NEWLINE = re.compile(rb"\x01+\n")


# Python reads all that is called message/… as a message, encoded or not; only these are.
NOT_A_MESSAGE = re.compile(rb"^(content-type:\s*)message/(?!rfc822|global\b|news)", re.IGNORECASE | re.MULTILINE)


# In a header, to us; to Python the body begins there.
NOT_A_FIELD = re.compile(rb"^(?=.)(?![ \t\r\n]|[!-9;-~]+[ \t]*:|From )", re.MULTILINE)
END_OF_HEADER = re.compile(rb"^\r?\n", re.MULTILINE)


def _for_the_judge(octets):
    end = END_OF_HEADER.search(octets)
    at = end.start() if end else len(octets)
    octets = NOT_A_FIELD.sub(b"X-Not-A-Field: ", octets[:at]) + octets[at:]
    return NOT_A_MESSAGE.sub(rb"\1application/x-", octets)


def _hide(octets):
    return re.sub(rb"\r(?!\n)", CR_ALONE, octets)


def _fields(part):
    return [(name.lower(), " ".join(str(value).replace("\1", " ").split())) for name, value in part.raw_items()]


def _fields_differ(before, after):
    had = {name for name, _ in _fields(before)}
    wanted = [one for one in _fields(before) if one[0] not in OF_THE_CONVERSION]
    got = [
        one
        for one in _fields(after)
        if one[0] not in OF_THE_CONVERSION and (one[0] in had or ADDED.get(one[0]) != one[1])
    ]
    if wanted != got:
        return f"fields {[one for one in wanted if one not in got]} became {[one for one in got if one not in wanted]}"
    return None


def _parts_differ(before, after, where, is_cut_off=False):
    fields = _fields_differ(before, after)
    if fields:
        return f"{where}: {fields}"
    if before.is_multipart() != after.is_multipart():
        return f"{where}: {before.get_content_type()} has become {after.get_content_type()}"
    # Of what has no end the judge takes the last newline away, whatever it is part of.
    is_cut_off = is_cut_off or any(isinstance(each, ENDLESS) for each in before.defects)
    if before.is_multipart():
        inner = list(zip(before.get_payload(), after.get_payload(), strict=False))
        if len(before.get_payload()) != len(after.get_payload()):
            return f"{where}: {len(before.get_payload())} parts became {len(after.get_payload())}"
        for number, (one, other) in enumerate(inner):
            found = _parts_differ(one, other, f"{where}.{number}", is_cut_off)
            if found:
                return found
        return None
    wanted, got = (
        NOT_A_MESSAGE.sub(rb"\1application/x-", _hide(each.get_payload(decode=True))) for each in (before, after)
    )
    # Octets that were put in base64 are the same octets; other conversions keep lines, not what ends them.
    was_put_in_base64 = _encoding(after) == "base64" and _encoding(before) not in ("base64", "quoted-printable")
    if not was_put_in_base64:
        wanted, got = (CR_BEFORE_NEWLINE.sub(b"\n", plain(each)) for each in (wanted, got))
    if is_cut_off:
        wanted, got = wanted.rstrip(b"\r\n"), got.rstrip(b"\r\n")
    if wanted != got:
        at = len(os.path.commonprefix([wanted, got]))
        return (
            f"{where} ({_encoding(before)} -> {_encoding(after)}): {len(wanted)} octets became {len(got)} others: "
            f"{wanted[max(0, at - 40) : at + 40]} became {got[max(0, at - 40) : at + 40]}"
        )
    return None


def _encoding(part):
    return str(part.get("content-transfer-encoding", "")).strip().lower()
