#!/usr/bin/env python3
"""Checks tests/spec.tsv, which says of every requirement of the catalogue whether the product acts on it yet.

A line is ID, "acts" or "waits", and the tests that show it (comma between them) or what it waits for. A test is named
Suite.Name (GoogleTest) or path/of_test.py::function, the path relative to tests/.

Exits with 77 (skipped) when the catalogue is not there.
"""

import re
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
CATALOGUE = TESTS.parent.parent / "shared" / "spec"
GTEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
PYTEST = re.compile(r"^\s*(?:async\s+)?def\s+(\w+)\s*\(", re.MULTILINE)


def catalogue_ids():
    """Every id of the catalogue's tables, in order."""
    ids = []
    for page in sorted(CATALOGUE.glob("*.md")):
        ids += re.findall(r"^\| ([A-Z]+-\d+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    return ids


def tests_in_tree():
    """The names of all tests, as spec.tsv writes them."""
    names = set()
    for source in TESTS.rglob("*_test.cpp"):
        names.update(f"{suite}.{name}" for suite, name in GTEST.findall(source.read_text(encoding="utf-8")))
    for source in TESTS.rglob("*_test.py"):
        path = source.relative_to(TESTS).as_posix()
        names.update(f"{path}::{name}" for name in PYTEST.findall(source.read_text(encoding="utf-8")))
    return names


def problems_in(lines, expected, known_tests):
    """One sentence for each thing wrong in the lines of spec.tsv."""
    seen = {}
    for number, line in enumerate(lines, 1):
        fields = line.split("\t")
        if len(fields) != 3 or fields[1] not in ("acts", "waits") or not fields[2].strip():
            yield f"spec.tsv:{number}: must be ID, acts or waits, and a text, with tabs between"
            continue
        identifier, state, text = fields
        if identifier in seen:
            yield f"spec.tsv:{number}: {identifier} stands in line {seen[identifier]} already"
        seen.setdefault(identifier, number)
        if identifier not in expected:
            yield f"spec.tsv:{number}: {identifier} is not in the catalogue"
        if state == "acts":
            for name in (part.strip() for part in text.split(",")):
                if name not in known_tests:
                    yield f"spec.tsv:{number}: there is no test {name}"
    for identifier in expected:
        if identifier not in seen:
            yield f"spec.tsv: {identifier} is missing"


def main():
    if not CATALOGUE.is_dir():
        print(f"skipped: there is no catalogue at {CATALOGUE}")
        return 77
    expected = catalogue_ids()
    if not expected:
        print(f"no requirement found in {CATALOGUE}")
        return 1
    lines = (TESTS / "spec.tsv").read_text(encoding="utf-8").splitlines()
    problems = list(problems_in(lines, dict.fromkeys(expected), tests_in_tree()))
    for problem in problems:
        print(problem)
    acting = sum(line.split("\t")[1:2] == ["acts"] for line in lines)
    print(f"{len(expected)} requirements, {acting} act, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
