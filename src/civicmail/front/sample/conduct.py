"""Sample violations, access reviews, leavers, external systems and attestations (P-05, P-08, P-09, P-28, P-30)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from civicmail.city.conduct import half_year
from civicmail.city.conduct.actions import (
    external_systems,
    findings,
    leavers,
    review_answers,
    review_schedule,
    statements,
    violation_reports,
)
from civicmail.city.conduct.actions.consequences import Decision, appeal, decide
from civicmail.city.conduct.models import Leaver, Review, ReviewRow, Statement, Violation
from civicmail.city.conduct.queries import deciders
from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.identity.actions import access_end
from civicmail.front.sample.staff_context import Staff, actor, at_office, today

_OFFER = "Wrote to forty colleagues about the sale of a camper, in working hours."
_AGENT = "Sent the survey of the harbor to the builder of another project before the council had it."
_LETTER = UUID(int=0x01A2_150E_CECE_7BB2_86D0_6E95_39F7_1918)
"""Names the message that the record is about; in the sample city nobody has sent it."""


def conduct(city: Staff, now: int) -> None:
    """After `populate`. now: ms."""
    _violations(city, now)
    _leavers(city, now)
    _review(city, now)
    _statements(city, now)


# -- violations: waits for an answer, waits for a name, is decided and appealed, was unfounded, shut an agency's person out


def _violations(city: Staff, now: int) -> list[Violation]:
    head, deputy, supervisor, _, clerk, inspector = city.six("works")
    officer = at_office(city, now)
    bulk = violation_reports.report(inspector, "P-12", _OFFER, actor=actor(clerk, now), now=now)
    findings.ask_response(bulk, actor=actor(deputy, now), now=now)
    private = violation_reports.report(
        clerk, "P-11", "Has the plans of the bridge sent to a private account each evening.", actor=actor(supervisor, now), now=now
    )
    private = findings.respond(
        private, "I finished them at home, and did not know that I may not.", actor=actor(clerk, now), now=now
    )
    private = findings.find(
        private, "confirm", actor=actor(deputy, now), now=now,
        reason="Twelve drawings went out in March; the answer confirms it.",
    )  # fmt: skip
    warning = Decision("warning", "rule", "Work rules, 4.2", "It is the first time, and nothing of it was secret.")
    private = decide(private, warning, actor=officer, now=now)
    appeal(private, "Nobody had told me where else I could have put them.", actor=actor(clerk, now), now=now)
    rumour = violation_reports.report(
        supervisor, "P-13", "Is said to write to a cousin from the mailbox of the department.", actor=actor(inspector, now), now=now
    )
    findings.find(
        rumour, "dismiss", actor=actor(head, now), now=now, reason="The cousin is a resident who asked about a storm drain."
    )
    outsider = city.people["c-3002"]
    recorded = violation_reports.record(outsider, "P-14", _AGENT, [str(_LETTER)], actor=actor(head, now), now=now)
    complaint = violation_reports.complain("A letter about our street was insulting; it came on Monday.", "", "", now=now)
    return [bulk, private, rumour, recorded, complaint]


# -- people who left: one is answered for, the others wait; another system has to shut its door


def _leavers(city: Staff, now: int) -> None:
    officer, it = at_office(city, now), city.six("it")
    badge = external_systems.add_door(
        "Badges of City Hall", person=it[1], actor=officer, reason="Opens the offices at night.", now=now
    )
    gone: list[Person] = [*city.team["police"][-2:], city.team["works"][-1]]
    lists = [(person, f"B-{n + 118}") for n, person in enumerate([*gone, city.named["clerk"]])]
    external_systems.give(badge, lists, actor=officer, reason="The list of the porter.", now=now)
    for person, short in zip(gone, ("police", "police", "works"), strict=True):
        above = actor(city.team[short][0], now)
        access_end.end_access(person, reason="Has left the service of the city.", when=now, actor=above, now=now)
    leavers.open_due(now)
    external_systems.request_due(now)
    answered = Leaver.objects.get(ending__person=gone[0])
    leavers.answer(
        answered, "reply", text="I do not work here any more. Please write to police@city.example.", until=now + 60 * DAY_MS,
        actor=actor(city.team["police"][0], now), reason="Cases went to the inspector on duty.", now=now,
    )  # fmt: skip


# -- a review of everyone in two departments, begun: some are kept, one ends


def _review(city: Staff, now: int) -> Review:
    which = [city.departments["works"], city.departments["law"]]
    officer = at_office(city, now)
    review = review_schedule.start_now("everyone", actor=officer, reason="Two departments first.", departments=which, now=now)
    head = city.team["works"][0]
    rows = ReviewRow.objects.filter(review=review, part__reviewer=head, state="open").exclude(person=head).order_by("id")
    mine = [row for row in rows.select_related("review", "part__department", "person", "approver") if row.approver_id != head.pk]
    for row in mine[:6]:
        review_answers.keep(row, actor=actor(head, now), reason="Answers residents every day.", now=now)
    return review


# -- the half that is over: one is in order, one is not, the others are to be signed


def _statements(city: Staff, now: int) -> None:
    half, due = half_year.of(today(now)).before(), today(now) + timedelta(days=12)
    for department in deciders.accountable_departments(now):
        statements.open_one(department, half, due, now)
    signed = {
        "finance": "",
        "clerk": "Two contractors of the archive were bound three weeks late; they had no access before.",
    }
    for short, remarks in signed.items():
        row = Statement.objects.get(department=city.departments[short], half=str(half))
        why = f"Read and signed on {from_ms(now):%d.%m.%Y}."
        statements.sign(row, remarks, actor=actor(city.team[short][0], now), reason=why, now=now)
