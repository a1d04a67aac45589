"""Twice a year each department's head signs what the system filled in, or says what is not in order (P-28)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from city.identity import staff
from civicmail.city.conduct import half_year, statement_states
from civicmail.city.conduct.actions import statements
from civicmail.city.conduct.models import Statement
from civicmail.city.conduct.queries import deciders, statement_sections
from civicmail.city.conduct.queries import tasks as waiting
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import AutoReply, RoleAssignment
from civicmail.city.notices.models import Notice

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 7, 1, 18, 0, tzinfo=UTC)
SENTENCE = "I have read it."


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def city() -> tuple[Department, Person]:
    """Public Works with its head and somebody who works there; a division without a head, and one with."""
    head = staff.person("head")
    works = staff.department("works", head)
    staff.employed(head, works)
    staff.mailbox("head@city.example", works, head)
    staff.worker("dana", works, head)
    streets = staff.department("streets", parent=works)
    staff.worker("sam", streets, head)
    chief = staff.person("chief")
    staff.employed(chief, staff.department("water", chief, works))
    return works, head


def of_works(head: Person) -> Actor:
    return Actor(head.uid, "Head", departments=frozenset({"works"}))


@pytest.mark.rule(
    "P-28",
    "Each department with a head answers once for half a year, with its divisions that have none of their own, and who "
    "signs is written to.",
)
def test_each_department_with_a_head_answers_once_for_a_half_and_its_head_is_written_to() -> None:
    """A division without a head is part of the one above."""
    city()
    assert statements.open_due(ms(NOON)) == 2
    assert statements.open_due(ms(NOON)) == 0, "once"
    rows = Statement.objects.order_by("department__code")
    assert [(r.department.code, r.half, r.due) for r in rows] == [
        ("water", "2026-1", date(2026, 7, 31)),
        ("works", "2026-1", date(2026, 7, 31)),
    ]
    assert [
        n.to for n in Notice.objects.filter(key__endswith=f"opened:{Mailbox.objects.get(address='head@city.example').holder_id}")
    ] == ["head@city.example"]
    assert {d.code for d in deciders.with_headless_divisions(Department.objects.get(code="works"))} == {"works", "streets"}


@pytest.mark.rule("P-28", "The numbers of the moment of signing stay with the signature, and a statement is signed once.")
def test_the_head_signs_and_the_numbers_of_that_moment_stay() -> None:
    works, head = city()
    statements.open_due(ms(NOON))
    row = Statement.objects.get(department=works)
    signed = statements.sign(row, "", actor=of_works(head), reason=SENTENCE, now=ms(NOON))
    assert (signed.state, signed.person, signed.signed) == ("signed", head, NOON)
    kept = {what: value for section in signed.numbers for what, value, _ in section["lines"]}
    assert (kept.get("People"), kept.get("With an authorization in writing")) == ("3", "2")
    staff.worker("late", works, head)
    assert Statement.objects.get(pk=row.pk).numbers == signed.numbers
    entry = Entry.objects.get(act="statement.sign")
    assert (entry.object, entry.facts["state"]) == ("department:works", "signed")
    with pytest.raises(Conflict, match="is signed by now"):
        statements.sign(Statement.objects.get(pk=row.pk), "", actor=of_works(head), reason=SENTENCE, now=ms(NOON))


@pytest.mark.rule("P-28", "Only the department's head or deputy signs an attestation.")
def test_nobody_but_head_and_deputy_signs() -> None:
    """Not an authorizer by role, not the access office, not another department's head."""
    works, _ = city()
    statements.open_due(ms(NOON))
    row = Statement.objects.get(department=works)
    others = [
        Actor(staff.person("a").uid, held=(HeldRole("authoriser", "works"),)),
        Actor(staff.person("b").uid, held=(HeldRole("access-officer", "", FOREVER),)),
        Actor(staff.person("c").uid, held=(HeldRole("administration-director"),)),
        Actor(staff.person("d").uid, departments=frozenset({"water"})),
    ]
    for other in others:
        with pytest.raises(NotPermitted):
            statements.sign(row, "", actor=other, reason=SENTENCE, now=ms(NOON))


@pytest.mark.rule("P-28", "Exceptions are stated in words, and the administration director is notified of them.")
def test_what_is_not_in_order_is_said_in_words_and_the_director_hears_of_it() -> None:
    works, head = city()
    _director()
    statements.open_due(ms(NOON))
    row = Statement.objects.get(department=works)
    with pytest.raises(Unusable):
        statements.sign(row, "too short", actor=of_works(head), reason=SENTENCE, now=ms(NOON))
    done = statements.sign(
        row, "Two contractors have no contract on record.\nMended by August.", actor=of_works(head), reason=SENTENCE, now=ms(NOON)
    )
    assert done.state == "exceptions" and "Mended by August." in done.remarks
    told = Notice.objects.get(to="director@city.example")
    assert "not all is in order" in told.subject and "contractors" not in told.text


@pytest.mark.rule(
    "P-28",
    "Only people who have not signed are reminded; an overdue attestation is reported to the administration director, once.",
)
def test_what_nobody_signs_in_time_goes_to_the_administration_director_once() -> None:
    city()
    director = _director()
    statements.open_due(ms(NOON))
    assert statements.find_overdue(ms(datetime(2026, 7, 31, 18, 0, tzinfo=UTC))) == 0, "its last day"
    late = ms(datetime(2026, 8, 1, 18, 0, tzinfo=UTC))
    assert statements.find_overdue(late) == 3, "the director's own department, too"
    assert statements.find_overdue(late + 1) == 0
    assert Notice.objects.filter(to="director@city.example", subject__contains="was not signed in time").count() == 3
    actor = Actor(director.uid, held=(HeldRole("administration-director"),))
    assert [t.state for g in waiting.of(actor, late) if g.name == "Statements" for t in g.tasks] == [("stop", "3 overdue")]


def test_only_who_has_not_signed_is_reminded() -> None:
    """14, 7 and 1 days before."""
    works, head = city()
    statements.open_due(ms(NOON))
    before = Notice.objects.count()
    week = ms(datetime(2026, 7, 24, 18, 0, tzinfo=UTC))
    statements.remind(week)
    statements.remind(week + 60_000)
    assert Notice.objects.count() == before + 1, "the chief has no mailbox, the head is told once"
    statements.sign(Statement.objects.get(department=works), "", actor=of_works(head), reason=SENTENCE, now=week)
    statements.remind(ms(datetime(2026, 7, 30, 18, 0, tzinfo=UTC)))
    assert Notice.objects.count() == before + 1


@pytest.mark.rule("P-05, P-28", "While a head is absent the deputies sign, then the department above, without any arrangement.")
def test_while_the_head_is_away_the_deputy_is_asked_and_nobody_had_to_arrange_it() -> None:
    """Then the one above, then the access office."""
    works, head = city()
    deputy = staff.person("deputy")
    staff.employed(deputy, works)
    works.deputies.add(deputy)
    now = ms(NOON)
    assert deciders.of_department(works, now) == [head]
    box = Mailbox.objects.get(address="head@city.example")
    away = {"starts": NOON - timedelta(days=1), "until": NOON + timedelta(days=1), "made": NOON, "by": "head", "text": "Away."}
    AutoReply.objects.create(mailbox=box, kind="own", **away)
    assert deciders.of_department(works, now) == [deputy]
    assert deciders.of_department(works, now + 2 * 86_400_000) == [head], "back"
    deputy.episodes.update(ended=date(2026, 6, 30))
    officer = staff.person("officer")
    RoleAssignment.objects.create(
        person=officer, role="access-officer", starts=staff.OLD, until=staff.LATER, by="os:root", reason="needed for the city"
    )
    assert deciders.of_department(works, now) == [officer]
    assert deciders.of_department(Department.objects.get(code="streets"), now) == [officer]


def test_a_statement_names_nobody() -> None:
    """Sums alone, so nobody can be ranked by it."""
    works, _ = city()
    half = half_year.parse("2026-1")
    assert half is not None
    said = str(statement_sections.sections(works, half, ms(NOON)))
    for person in Person.objects.all():
        assert person.display not in said and person.uid not in said.replace("chief", "").split()


@pytest.mark.rule("P-28", "Without an administration director the access office is notified of overdue attestations.")
def test_without_an_administration_director_the_access_office_hears_of_it() -> None:
    """What is overdue never goes nowhere."""
    city()
    _director("access-officer")
    statements.open_due(ms(NOON))
    statements.find_overdue(ms(NOON) + 31 * 86_400_000)
    told = Notice.objects.filter(to="director@city.example", subject__contains="was not signed in time")
    assert told.count() == 3


def _director(role: str = "administration-director") -> Person:
    director = staff.person("director")
    room = staff.department("admin")
    staff.employed(director, room)
    staff.mailbox("director@city.example", room, director)
    RoleAssignment.objects.create(
        person=director,
        role=role,
        starts=staff.OLD,
        until=staff.LATER,
        by="os:root",
        reason="needed for the city",
    )
    return director


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)))
def test_every_day_lies_in_one_half_and_halves_follow_each_other(day: date) -> None:
    half = half_year.of(day)
    assert half.first <= day <= half.last
    assert half.after().first == half.last + timedelta(days=1)
    assert half.after().before() == half == half_year.parse(str(half))


@pytest.mark.parametrize("written", ["", "2026", "2026-3", "26-1", "2026-1x", "0001-1"])
def test_what_is_no_half_is_none(written: str) -> None:
    assert half_year.parse(written) is None


def test_a_statement_is_signed_once_from_every_state() -> None:
    for state in statement_states.WORDS:
        for action in ("sign", "except", "open"):
            if state == "open" and action != "open":
                assert statement_states.step(state, action) != "open"
            else:
                with pytest.raises(Conflict):
                    statement_states.step(state, action)
