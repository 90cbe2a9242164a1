"""Tells which tests of a JUnit report did not pass, and what they said last.

    test_report.py REPORT PRESET SHARDS

Prints a few lines for each test that failed and one for each that was skipped; nothing when all passed. A log of a long run
is often kept by its end alone, so tools/test prints this last."""

import sys
import xml.etree.ElementTree as ElementTree

LINES_OF_FAILURE = 60


def said(case: ElementTree.Element) -> list[str]:
    """What the test printed, without the empty lines."""
    output = case.findtext("system-out") or ""
    return [line for line in output.splitlines() if line.strip()]


def main(report: str, preset: str, shards: str) -> None:
    for case in ElementTree.parse(report).iter("testcase"):
        name, status, lines = case.get("name"), case.get("status"), said(case)
        if status == "fail":
            print(f"\nFAILED  {name} ({preset}, shards: {shards})")
            print("\n".join(f"    {line}" for line in lines[-LINES_OF_FAILURE:]))
        elif status != "run":
            reason = next((line.strip() for line in lines if "skip" in line.lower()), "it gave no reason")
            print(f"skipped {name} ({preset}, shards: {shards}): {reason}")


if __name__ == "__main__":
    main(*sys.argv[1:])
