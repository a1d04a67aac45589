"""docs/operate/alarms.md is a table of faults: each has the line of doctor that tells it, and a test that plays it (P-15, P-23)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from house.sources import PACKAGE, ROOT

PAGE = ROOT / "docs" / "operate" / "alarms.md"
ROW = re.compile(r"^\| (.+) \| (`[^|]+`) \| `(tests/[\w/]+\.py)::(test_\w+)` \|$", re.M)
REASON = re.compile(r"^\| ([^|]+) \| ([^|]+) \|$", re.M)
LEAST = 30
NO_FAULTS = {"access", "demo"}
"""Lines about decisions, not about what broke."""


def _rows() -> list[tuple[str, list[str], str, str]]:
    return [(fault, re.findall(r"`([^`]+)`", lines), file, test) for fault, lines, file, test in ROW.findall(PAGE.read_text())]


@pytest.mark.rule("house", "Each fault in the table of alarms is played by a test that reads its log line.")
def test_each_fault_of_the_table_is_played_by_a_test_that_reads_its_line() -> None:
    rows = _rows()
    assert len(rows) >= LEAST
    assert len({fault for fault, *_ in rows}) == len(rows)
    for fault, lines, file, test in rows:
        source = (ROOT / file).read_text()
        assert f"def {test}(" in source, (fault, file, test)
        read = source + "".join(p.read_text() for p in _imported(source))
        for line in lines:
            words = line.split(" NAME")[0]
            assert words in read or words.rpartition(" ")[0] in read, (fault, line)


def test_each_fault_is_played_in_a_city_that_runs_or_the_handbook_says_why_not() -> None:
    """Each line of the second table is a fault of the first, and has a reason."""
    without = {fault for fault, _, file, _ in _rows() if not file.startswith("tests/stories/")}
    reasons = dict(REASON.findall(PAGE.read_text().partition("| fault | why |\n|---|---|\n")[2].partition("\n\n")[0] + "\n"))
    assert set(reasons) == without and all(len(why.split()) > 5 for why in reasons.values())


def _imported(source: str) -> list[Path]:
    """The checks that a test imports: it may read their constants."""
    names = set(re.findall(r"from civicmail\.front\.checkup\.(\w+) import", source))
    for found in re.findall(r"from civicmail\.front\.checkup import ([\w, ]+)", source):
        names |= {name.strip() for name in found.split(",")}
    return [path for name in sorted(names) if (path := PACKAGE / "front" / "checkup" / f"{name}.py").is_file()]


@pytest.mark.rule("house", "Each problem that `doctor` reports is in the table of alarms.")
def test_each_problem_of_doctor_stands_in_the_table() -> None:
    """Nobody gets an alarm that the handbook does not know."""
    known = {line.partition(" NAME")[0] for _, lines, *_ in _rows() for line in lines}
    missing = {}
    for path in sorted((PACKAGE / "front" / "checkup").glob("*.py")):
        for name in _problems(ast.parse(path.read_text())):
            if name not in known and name not in NO_FAULTS:
                missing[name] = path.name
    assert not missing


def _problems(module: ast.Module) -> set[str]:
    """The lines of a check that can be red, without what follows in an f-string."""
    constants = {
        target.id: node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding" and len(node.args) > 1:
            check, level = node.args[:2]
            if isinstance(level, ast.Constant) and level.value != "problem":
                continue
            if isinstance(check, ast.Name):
                check = constants.get(check.id, check)
            if isinstance(check, ast.Tuple):
                check = check.elts[-1]
            if isinstance(check, ast.JoinedStr) and check.values:
                check = check.values[0]
            if isinstance(check, ast.Constant) and isinstance(check.value, str):
                found.add(check.value.strip())
    return found
