"""Changes of a mandate: narrower at once, wider only with a second person (P-16; E5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from city.identity import cases
from city.identity.cases import APP, EXA, WHY, actor, approved, entered
from city.identity.cases import quiet as quiet
from city.identity.staff import MS
from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.identity.actions import content_views, mandate_amendments, mandates
from civicmail.city.identity.actions.date_sweep import sweep
from civicmail.city.identity.queries import mandates as found

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet")]


@pytest.mark.rule("P-16, E5", "A wider scope waits for a second person, a narrower one does not.")
def test_wider_needs_a_second_person_and_narrower_does_not() -> None:
    row = approved("wendy", "carl", at=MS, first=1000, last=2000, words="bid")
    narrow = MandateRequest(("wendy",), first=1100, last=1900, words="bid sealed", days=7, reason=WHY)
    done = mandate_amendments.amend(row, narrow, actor=EXA, now=MS + 1)
    row.refresh_from_db()
    assert (done.wider, done.state, row.boxes, row.words, row.first) == (
        False,
        "approved",
        ["wendy@city.example"],
        "bid sealed",
        1100,
    )
    assert epoch_ms(row.until) == MS + 7 * DAY_MS
    for wider in (
        replace(narrow, people=("wendy", "carl")),
        replace(narrow, first=1099),
        replace(narrow, last=None),
        replace(narrow, words="bid"),
        replace(narrow, words="bid OR sealed"),
        replace(narrow, days=8),
    ):
        asked_ = mandate_amendments.amend(row, wider, actor=EXA, now=MS + 2)
        assert (asked_.wider, asked_.state) == (True, "asked")
        row.refresh_from_db()
        assert (row.boxes, row.words, row.days) == (["wendy@city.example"], "bid sealed", 7), (
            "nothing is wider before it is approved"
        )
        with pytest.raises(Conflict, match="waits"):
            mandate_amendments.amend(row, narrow, actor=EXA, now=MS + 2)
        mandate_amendments.withdraw(asked_, actor=EXA, reason="not needed after all", now=MS + 3)


@pytest.mark.rule("P-16, E3, E5", "The second person for a change is also outside the lines of people whom it adds.")
def test_a_second_person_for_a_change_is_outside_of_the_lines_of_whom_it_adds() -> None:
    row = approved("wendy", at=MS)
    change = mandate_amendments.amend(row, MandateRequest(("wendy", "minion"), reason=WHY), actor=EXA, now=MS + 1)
    assert found.waiting_for(APP, MS + 1).changes == [change]
    cora = actor("cora", "examination-approver")
    assert found.waiting_for(cora, MS + 1).changes == []
    with pytest.raises(NotPermitted, match="outside"):
        mandate_amendments.approve(change, actor=cora, now=MS + 1)
    other = Person.objects.get(uid="app")
    other.episodes.update(supervisor=Person.objects.get(uid="minion"))
    with pytest.raises(NotPermitted, match="outside"):
        mandate_amendments.approve(change, actor=APP, now=MS + 1)
    other.episodes.update(supervisor=None)
    mandate_amendments.approve(change, actor=APP, now=MS + 2)
    row.refresh_from_db()
    assert row.boxes == ["minion@city.example", "wendy@city.example"]
    with pytest.raises(Conflict):
        mandate_amendments.refuse(change, actor=APP, reason="it is decided already", now=MS + 2)


def test_a_heads_change_reaches_no_other_department() -> None:
    """E2, P-16: not with a second person either, and what an examiner adds is of one department more."""
    row = approved("carl", by=cases.HANK, role="department-head")
    for people in (("carl", "minion"), ("minion",)):
        with pytest.raises(NotPermitted, match="its own people only"):
            mandate_amendments.amend(row, MandateRequest(people, reason=WHY), actor=cases.HANK, now=MS + 2)
    change = mandate_amendments.amend(row, MandateRequest(("carl", "wendy"), reason=WHY), actor=cases.HANK, now=MS + 2)
    assert mandate_amendments.approve(change, actor=APP, now=MS + 3).state == "approved"
    wide = approved("wendy", at=MS)
    mandate_amendments.approve(
        mandate_amendments.amend(wide, MandateRequest(("wendy", "minion"), reason=WHY), actor=EXA, now=MS + 1),
        actor=APP,
        now=MS + 1,
    )
    wide.refresh_from_db()
    assert wide.departments == ["clerk", "works"]


def test_a_change_that_nobody_answers_lapses_and_one_of_what_is_over_cannot_be_approved() -> None:
    row = approved("wendy", at=MS)
    content_views.under(found.to_mandate(row), "content.list", actor=EXA, facts={}, now=MS)
    row.refresh_from_db()
    change = mandate_amendments.amend(row, MandateRequest(("wendy", "carl"), reason=WHY), actor=EXA, now=MS + 1)
    mandates.close(row, "Nothing of the tip was true.", actor=EXA, now=MS + 2)
    with pytest.raises(Conflict):
        mandate_amendments.approve(change, actor=APP, now=MS + 3)
    sweep(MS + 4)
    change.refresh_from_db()
    assert change.state == "lapsed"


@pytest.mark.rule("P-16, promise 4, E5", "A page that was open when the scope changed opens nothing.")
def test_a_page_that_was_open_when_the_scope_changed_opens_nothing() -> None:
    row = approved("wendy", "carl", at=MS)
    made = found.to_mandate(row)
    mandate_amendments.amend(row, MandateRequest(("wendy",), reason=WHY), actor=EXA, now=MS + 1)
    with pytest.raises(Conflict, match="changed"):
        content_views.under(made, "content.show", actor=EXA, facts={"id": "1"}, now=MS + 2)
    assert not entered("content.show")
