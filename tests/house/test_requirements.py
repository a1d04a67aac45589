"""The page of rules is what the marks on the tests say, and each mark names clauses that there are."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from house.sources import ROOT
from tools import requirements

RULES = requirements.rules()
PATH = {"P-01", "P-03", "P-06", "P-15", "P-23", "P-24", "promise 1", "promise 2", "promise 4", "promise 6", "promise 8"}
"""What the message path has to keep: there are rules for each."""


@pytest.mark.rule("house", "This page is written from the marks on the tests.")
def test_the_page_is_what_the_marks_say() -> None:
    assert requirements.page() == requirements.PAGE.read_text(), "run tools/requirements.py"


@pytest.mark.rule("house", "Each mark of a rule names clauses, promises or rows that exist.")
def test_each_mark_names_clauses_promises_or_rows_that_there_are() -> None:
    assert {(rule.test, source) for rule in RULES for source in rule.sources if source not in requirements.known()} == set()
    assert [rule.test for rule in RULES if not rule.clause] == [], "each is listed under a clause, a promise or the house"
    assert {source for rule in RULES for source in rule.sources} >= PATH | {requirements.HOUSE}


def test_each_rule_is_one_sentence_said_once_of_a_test() -> None:
    for rule in RULES:
        assert rule.says.endswith(".") and "|" not in rule.says, rule
        assert re.search(r"::test_\w+$", rule.test), f"{rule.test} is no test"
    assert [says for says, times in Counter(rule.says for rule in RULES).items() if times > 1] == []


def test_no_rule_has_a_number_that_only_a_table_explains() -> None:
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "docs").rglob("*.md")]:
        assert not re.search(r"\bR-\d{3}", path.read_text()), path
