"""The table of facts is the one that rules, pages and docs share."""

from __future__ import annotations

from typing import get_args

from tools.facts import PAGE, page

from civicmail.city.policy.cel.condition import TYPES
from civicmail.city.policy.cel.type_checker import Type
from civicmail.city.policy.facts import FACTS, without_defaults


def test_the_page_says_what_the_table_says() -> None:
    assert PAGE.read_text() == page(), "run .venv/bin/python tools/facts.py"


def test_each_fact_has_a_type_that_conditions_know() -> None:
    assert set(TYPES.values()) <= set(get_args(Type))
    assert TYPES["files.types"] == "texts" and TYPES["inbound"] == "bool" and TYPES["spam.score"] == "int"


def test_each_fact_says_what_it_is() -> None:
    assert all(fact.says.endswith(".") and len(fact.says) > 5 for fact in FACTS.values())
    assert all(fact.of == "recipient" for fact in FACTS.values() if fact.name.startswith("recipient."))


def test_what_is_told_is_what_differs_from_the_default() -> None:
    assert without_defaults({"inbound": False, "spam.band": "spam", "files.types": ()}) == {"spam.band": "spam"}
