"""Of the table by which access is governed (movers, reviews, leavers, contractors, violations) no row goes without a rule that has
a test (issue 7, acceptance 1)."""

from __future__ import annotations

import re

import pytest

from house.sources import ROOT, modules
from tools import requirements

TABLE = ROOT / "docs" / "governance.md"
RULES = requirements.rules()
ROWS = [
    *(f"M{n}" for n in (6, 7)),
    *(f"R{n}" for n in range(1, 15)),
    *(f"L{n}" for n in range(1, 8)),
    *(f"C{n}" for n in range(1, 6)),
    *(f"V{n}" for n in range(1, 5)),
    *(f"A{n}" for n in range(1, 6)),
    *(f"D{n}" for n in range(1, 5)),
    *(f"E{n}" for n in range(1, 10)),
    *(f"I{n}" for n in range(1, 5)),
]


@pytest.mark.rule(
    "house",
    "Each row of docs/governance.md about reviews, leavers, contractors, violations, roles, looks and entries has a tested rule.",
)
@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_a_rule_with_a_test(row: str) -> None:
    assert [rule for rule in RULES if row in rule.sources], f"no test has a mark @pytest.mark.rule that names {row}"


@pytest.mark.rule("house", "Each row of docs/governance.md that a docstring cites exists.")
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
