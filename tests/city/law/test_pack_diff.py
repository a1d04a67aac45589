"""Differences of law packs, and which open requests feel them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.law import shipped
from civicmail.city.law.pack import LawPack, load_pack
from civicmail.city.law.pack_diff import Change, RequestFacts, diff, touched
from civicmail.city.law.time_accounts import Pause

TEXT = shipped.text("wisconsin")
OLD = shipped.shipped("wisconsin")
STARTED = date(2026, 12, 1)


def changed(*pairs: tuple[str, str]) -> LawPack:
    text = TEXT.replace('version = "2026-12-01"', 'version = "2027-01-15"', 1)
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after, 1)
    return load_pack(text)


def test_a_pack_does_not_differ_from_itself_nor_from_another_version_of_the_same_words() -> None:
    assert diff(OLD, OLD).changes == diff(OLD, changed()).changes == ()


def test_each_entry_that_changes_is_said() -> None:
    new = changed(
        ("days = 12\n", "days = 14\n"),
        ('id = "19.36(9)"', 'id = "19.36(9)(a)"'),
        ('prepayment_over = "5.00"', 'prepayment_over = "7.50"'),
        ("until = 2028-12-31", "until = 2029-12-31"),
        ('weekend = ["saturday", "sunday"]', 'weekend = ["sunday"]'),
    )
    assert diff(OLD, new).changes == (
        Change("changed", "calendar", "wisconsin", "weekend", "saturday, sunday", "sunday"),
        Change("changed", "clock", "release-lock", "days", "12", "14"),
        Change("removed", "code", "19.36(9)", old="Plans or specifications of state buildings"),
        Change("added", "code", "19.36(9)(a)", new="Plans or specifications of state buildings"),
        Change("changed", "fees", "wisconsin", "prepayment_over", "5.00", "7.50"),
        Change("changed", "pack", "wisconsin", "until", "2028-12-31", "2029-12-31"),
    )


def test_a_request_is_touched_by_what_it_uses_alone() -> None:
    new = changed(("This information is a trade secret", "This is a trade secret"), ("days = 12\n", "days = 14\n"))
    code = ("code", "19.36(5)")
    assert [c.id for c in touched(diff(OLD, new), RequestFacts(uses=[code]))] == ["19.36(5)"]
    assert touched(diff(OLD, new), RequestFacts(uses=[("code", "19.36(13)")], clocks={"respond": STARTED})) == []
    moved = touched(diff(OLD, new), RequestFacts(clocks={"release-lock": STARTED}))
    assert [(c.table, c.field, c.old, c.new) for c in moved] == [
        ("clock", "days", "12", "14"),
        ("due", "day", "2026-12-17", "2026-12-21"),
    ]


def test_a_new_holiday_touches_the_requests_whose_last_day_it_moves() -> None:
    holiday = (
        '[[calendar.holiday]]\nid = "mourning"\ntitle = "Day of mourning"\ncitation = "Proclamation 1"\ndates = [2026-12-10]\n\n'
    )
    new = changed(("[[calendar.holiday]]\n", holiday + "[[calendar.holiday]]\n"))
    facts = [RequestFacts(clocks={"respond": start}) for start in (date(2026, 11, 20), STARTED, date(2026, 12, 10))]
    assert [[(c.old, c.new) for c in touched(diff(OLD, new), f)] for f in facts] == [[], [("2026-12-15", "2026-12-16")], []]


def test_a_pause_whose_reason_is_gone_touches_its_request() -> None:
    new = changed(*((f'{field} = "awaiting-prepayment"', f'{field} = "awaiting-payment"') for field in ("id", "pauses")))
    facts = RequestFacts(clocks={"respond": STARTED}, pauses=[Pause("awaiting-prepayment", STARTED, date(2026, 12, 4))])
    assert [(c.what, c.table, c.old, c.new) for c in touched(diff(OLD, new), facts)] == [
        ("removed", "pause_reason", "Waiting for a payment in advance", ""),
        ("changed", "due", "2026-12-18", "2026-12-15"),
    ]


def test_another_jurisdiction_differs_in_everything_that_it_decides() -> None:
    federal = shipped.shipped("federal")
    what = {(c.what, c.table) for c in diff(OLD, federal).changes}
    assert {("removed", "code"), ("added", "code"), ("changed", "clock"), ("changed", "letter"), ("changed", "fees")} <= what
    gone = touched(diff(OLD, federal), RequestFacts(clocks={"official-lock": STARTED}))
    assert [(c.table, c.new) for c in gone] == [("clock", ""), ("due", "")]


@pytest.mark.rule("P-21", "Nothing that a request does not use makes it look touched.")
@given(st.sets(st.sampled_from(sorted(OLD.entries())), max_size=5), st.sampled_from(sorted(OLD.entries())))
def test_touched_names_only_what_is_used(uses: set[tuple[str, str]], other: tuple[str, str]) -> None:
    found = touched(diff(OLD, shipped.shipped("federal")), RequestFacts(uses=uses - {other}))
    assert {(c.table, c.id) for c in found} <= uses - {other}
