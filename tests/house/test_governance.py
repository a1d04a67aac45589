"""Of the table by which access is governed (movers, reviews, leavers, contractors, violations) no row goes without a rule that has
a test (issue 7, acceptance 1)."""

from __future__ import annotations

import re

import pytest

from house.sources import ROOT, modules

TABLE = ROOT / "docs" / "governance.md"
PAGE = ROOT / "docs" / "requirements.md"
ROWS = [
    *(f"M{n}" for n in (6, 7)),
    *(f"R{n}" for n in range(1, 15)),
    *(f"L{n}" for n in range(1, 8)),
    *(f"C{n}" for n in range(1, 6)),
    *(f"V{n}" for n in range(1, 5)),
]


def rules() -> list[tuple[set[str], str]]:
    """Of each rule of the page: the rows that it names in brackets at its end, and its test."""
    found = re.findall(r"(?m)^\| R-\d+ \| (.+?) \| .+? \| `(\S+?)` \|$", PAGE.read_text())
    return [(_named(rule), test) for rule, test in found]


def _named(rule: str) -> set[str]:
    bracket = re.search(r"\(([^()]*)\)\.?$", rule)
    return set(re.findall(r"\b[MRLCV]\d{1,2}\b", bracket[1])) if bracket else set()


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_a_rule_with_a_test_that_names_it(row: str) -> None:
    mine = [test for named, test in rules() if row in named]
    assert mine, f"no rule of {PAGE.name} names {row}"
    said = re.compile(rf"\b{row}\b")
    assert any(said.search((ROOT / test.rpartition("::")[0]).read_text()) for test in mine), f"no test of {row} names it"


def test_the_page_names_no_row_that_is_not_there() -> None:
    """A slip of the pen would be a rule that nobody finds."""
    known = {*ROWS, *(f"M{n}" for n in range(1, 6))}
    assert {row for named, _ in rules() for row in named} - known == set()


def test_every_row_that_a_docstring_cites_can_be_looked_up() -> None:
    """(M4) says nothing to whoever has not the table."""
    there = set(re.findall(r"(?m)^\| ([A-Z]\d{1,2}) \|", TABLE.read_text()))
    picture = {"P5"}  # netpbm's
    cited: dict[str, str] = {}
    for path in modules("src"):
        for bracket in re.findall(r"\(([^()]*)\)", path.read_text()):
            cited |= dict.fromkeys(re.findall(r"(?<![\w-])[ACDEILMPRSV]\d{1,2}(?![\w-])", bracket), path.name)
    assert len(cited) > 40
    assert {row: where for row, where in cited.items() if row not in there | picture} == {}
