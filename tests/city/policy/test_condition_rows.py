"""The rows of a rule's form and its condition are the same thing (P-29)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.policy.cel.condition import condition
from civicmail.city.policy.condition_rows import Joined, Row, comparisons_of, example_facts, to_condition, to_rows
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.rule_parser import parse_rule_set

_REST = 'clause = "P-25"\nowner = "x"\nwhy = "x"\nexpires = 2199-01-01\nseverity = "low"\nmode = "shadow"\ndo = "deliver"\n'
_WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters=",", exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=12
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    fact = draw(st.sampled_from(sorted(name for name in FACTS if not name.startswith("use."))))
    comparison = draw(st.sampled_from(comparisons_of(fact)))
    if not comparison.takes:
        return Row(fact, comparison.key)
    if comparison.type == "int":
        return Row(fact, comparison.key, str(draw(st.integers(-9, 10**9))))
    count = 1 if comparison.takes == 1 else draw(st.integers(2, 4))
    return Row(fact, comparison.key, ", ".join(draw(_WORDS) for _ in range(count)))


@pytest.mark.rule("P-29", "The form of a rule and its text are the same rule: what the form writes, it reads back.")
@given(st.lists(rows(), min_size=1, max_size=4), st.sampled_from(["all", "any"]))
def test_every_row_is_written_and_read_back(made: list[Row], joined: Joined) -> None:
    """Several values of one fact may be read as one row; what is read is written alike from then on."""
    text = to_condition(made, joined)
    condition(text)
    read = to_rows(text, "all", "any")
    assert read is not None
    again = to_rows(to_condition(read[1], read[0]), "all", "any")
    assert again == read and (len(read[1]) == 1 or to_condition(read[1], read[0]) == text)


@given(st.lists(rows(), min_size=1, max_size=4, unique_by=lambda row: row.fact), st.sampled_from(["all", "any"]))
def test_the_facts_of_the_examples_come_out(made: list[Row], joined: Joined) -> None:
    fits, spares = example_facts(made, joined, [])
    examples = "".join(
        f"[[rule.example]]\nfacts = {{ {', '.join(f'{_toml(k)} = {_toml(v)}' for k, v in facts.items())} }}\n"
        f"fits = {_toml(is_fit)}\n"
        for facts, is_fit in ((fits, True), (spares, False))
    )
    text = f'[[rule]]\nid = "x"\n{_REST}'
    parse_rule_set([("x", f"{text}when = {_toml(to_condition(made, joined))}\n{examples}")])


@pytest.mark.parametrize(
    "expression",
    [
        "inbound && (links.address || links.data)",
        'confidential.high.exists(k, k in ["ssn"])',
        'from.name == "a, b" || from.name == "c"',
    ],
)
def test_what_rows_cannot_say_stays_text(expression: str) -> None:
    """Conditions in conditions, and a comma within one of several values."""
    assert to_rows(expression, "all") is None


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (Row("", ""), "Choose a fact."),
        (Row("no.fact", "yes"), "Choose a fact."),
        (Row("inbound", "least", "3"), "Choose how it is compared."),
        (Row("message.size", "least", "many"), "Write a whole number."),
        (Row("from.name", "is", " "), "Write a value."),
        (Row("inbound", "yes"), ""),
    ],
)
def test_a_row_says_what_it_lacks(row: Row, problem: str) -> None:
    assert row.problem() == problem


def _toml(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
