"""Tells a delivered message from what was handed in: the server may only put header fields in front of it."""

import hashlib
import re

# What delivery writes in front (RFC 5321 4.4), and what submission may add.
PREPENDED = re.compile(rb"(Return-Path|Received|Delivered-To|X-Original-To|Authentication-Results):", re.IGNORECASE)


def digest(octets):
    return hashlib.sha256(octets).digest()


def without_prepended(delivered, is_original):
    """The part of `delivered` behind the prepended fields for which `is_original(its digest)` holds, or None. The
    original may itself begin with such fields, hence the question at each of them."""
    at = 0
    while True:
        if is_original(digest(delivered[at:])):
            return delivered[at:]
        if not PREPENDED.match(delivered, at):
            return None
        at = end_of_field(delivered, at)


def end_of_field(octets, at):
    """The offset behind the header field at `at`, its folded lines included."""
    while True:
        end = octets.find(b"\r\n", at)
        if end < 0:
            return len(octets)
        at = end + 2
        if octets[at : at + 1] not in (b" ", b"\t"):
            return at
