"""Every located item has one disposition, and the equation of the request adds up."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.redaction.balance import Balance
from civicmail.desk.records.production import dispositions
from civicmail.desk.records.production.dispositions import DecidedItem, Marked
from civicmail.desk.records.states import VERDICTS

REQUESTS = range(30)


@st.composite
def decided(draw: st.DrawFn, request: int) -> list[DecidedItem]:
    """The items of a request: messages with files, of which some are equal, with any decision or none about each content."""
    contents = [f"content {request} {n}" for n in range(draw(st.integers(1, 8)))]
    verdicts = {content: draw(st.sampled_from(("", *VERDICTS))) for content in contents}
    items: list[DecidedItem] = []
    for n in range(1, draw(st.integers(0, 40)) + 1):
        content = draw(st.sampled_from(contents))
        parent = draw(st.sampled_from([0, *(item.number for item in items if not item.parent)]))
        items.append(DecidedItem(n, content, parent, verdicts[content]))
    return draw(st.permutations(items))


@pytest.mark.parametrize("request_number", REQUESTS)
@settings(max_examples=20)
@given(data=st.data())
def test_r30_the_balance_adds_up_whatever_is_decided(request_number: int, data: st.DataObject) -> None:
    items = data.draw(decided(request_number))
    of_items = dispositions.dispositions(items)
    balance = dispositions.balance(of_items)
    assert balance["located"] == len(items) == sum(count for name, count in balance.items() if name != "located")
    assert set(of_items) == {item.number for item in items}
    shown = [int(n) for n in re.findall(r"[0-9]+", dispositions.equation(balance))]
    assert shown[0] == sum(shown[1:]) == len(items)
    left = {name: count for name, count in balance.items() if name not in ("located", "open")}
    assert Balance(balance["located"] - balance["open"], **left).problem() == ""
    for content in {item.content for item in items if item.verdict}:
        same = sorted(item.number for item in items if item.content == content)
        assert {of_items[n] for n in same[1:]} <= {"duplicate"}, "one decision, and every copy is counted"


def test_r30_an_equation_that_does_not_add_up_is_never_shown() -> None:
    balance = dispositions.balance(dispositions.dispositions([DecidedItem(1, "a", verdict="release")]))
    assert dispositions.equation(balance).startswith("1 located = 1 released in full + 0 redacted + 0 withheld")
    for wrong in ({"located": 2}, {"redacted": 1}, {"withheld": -1, "redacted": 1}):
        with pytest.raises(ValueError, match="do not balance"):
            dispositions.equation(balance | wrong)


def test_what_nobody_decided_is_open_and_said() -> None:
    balance = dispositions.balance(dispositions.dispositions([DecidedItem(1, "a"), DecidedItem(2, "b", verdict="personal")]))
    assert dispositions.equation(balance).endswith("1 purely personal + 0 duplicate + 1 still in review.")


def test_a_decision_without_what_it_needs_is_a_problem() -> None:
    mark = Marked(7, "", first=1, last=2)
    items = [
        DecidedItem(1, "a", verdict="redact"),
        DecidedItem(2, "b", verdict="redact", marks=(mark,)),
        DecidedItem(3, "c", verdict="release", marks=(replace(mark, code="19.36(5)"),)),
        DecidedItem(4, "d", verdict="withhold", code="19.36(5)", reason=" "),
        DecidedItem(5, "e", verdict="withhold", code="19.36(5)", reason="A trade secret of the bidder."),
        DecidedItem(6, "f"),
    ]
    assert dispositions.problems(items) == [
        "Item 000001 is to be redacted, and has no redaction.",
        "Box 7 of item 000002 has no code.",
        "Item 000003 is to be released in full, and has redactions.",
        "Item 000004 is withheld without a code or a reason.",
    ]


def test_the_digest_is_of_everything_that_was_decided() -> None:
    items = [DecidedItem(1, "a", verdict="redact", marks=(Marked(1, "x", first=1, last=1),)), DecidedItem(2, "b")]
    digest = dispositions.digest(items)
    assert digest == dispositions.digest(items[::-1])
    changed = [replace(items[0], marks=(replace(items[0].marks[0], last=2),)), items[1]]
    assert digest != dispositions.digest(changed)
    assert digest != dispositions.digest([items[0], replace(items[1], verdict="personal")])
