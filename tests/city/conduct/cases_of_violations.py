"""A town for violations: two departments, officers enough for every part, an agency's person, and somebody elected."""

from __future__ import annotations

from city.identity import staff
from city.identity.staff import MS
from civicmail.city.conduct.actions import consequences, findings, violation_reports
from civicmail.city.conduct.actions.consequences import Decision
from civicmail.city.conduct.models import Violation
from civicmail.city.directory.models import Contract, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole

WEEK = 7 * 86_400_000
CAPTURE = "01993b5e-9c00-7c3a-8a55-0123456789ab"
WHAT = "Sent three messages that ask for votes, to a list."
WHY = "Each message was sent from the city's address, in working hours."


def actor(uid: str, *departments: str, office: bool = False) -> Actor:
    return Actor(uid, uid, (HeldRole("access-officer", "", FOREVER),) if office else (), frozenset(departments), client="192.0.2.7")


HEAD, DEPUTY = actor("head", "works"), actor("deputy", "works")
ONE, TWO, THREE = actor("one", office=True), actor("two", office=True), actor("three", office=True)
SPONSOR = actor("sponsor")


def town() -> None:
    """works (head, deputy): ann, and pat of an agency whose sponsor is "sponsor"; mayor, elected; clerk: officers one to three."""
    head, chief = staff.person("head"), staff.person("chief")
    works, clerk = staff.department("works", head), staff.department("clerk", chief)
    for uid, where in (("head", works), ("chief", clerk)):
        person = Person.objects.get(uid=uid)
        staff.authorized(
            person,
            staff.mailbox(f"{uid}@city.example", where, person),
            staff.employed(person, where),
            chief if uid == "head" else head,
        )
    for uid in ("one", "two", "three", "sponsor"):
        staff.worker(uid, clerk, chief)
    works.deputies.add(staff.worker("deputy", works, head))
    staff.worker("ann", works, head, supervisor=head)
    staff.worker("pat", works, head, "contractor")
    staff.worker("mayor", clerk, chief, "elected")
    Contract.objects.update(sponsor=who("sponsor"))


def who(uid: str) -> Person:
    return Person.objects.get(uid=uid)


def reported(uid: str = "ann", *, by: Actor = THREE, clause: str = "P-12", now: int = MS) -> Violation:
    return violation_reports.report(who(uid), clause, WHAT, [CAPTURE], actor=by, now=now)


def confirmed(uid: str = "ann", *, severe: bool = False, now: int = MS) -> Violation:
    """Reported, asked, not answered for a week, confirmed by the head."""
    row = findings.ask_response(reported(uid, now=now), actor=HEAD if uid != "mayor" else actor("chief", "clerk"), now=now)
    finder = HEAD if uid != "mayor" else actor("chief", "clerk")
    return findings.find(row, "confirm", severe=severe, actor=finder, reason=WHY, now=now + WEEK)


def decided(uid: str = "ann", outcome: str = "warning", *, days: int = 0, severe: bool = False, now: int = MS) -> Violation:
    """By officer one, a week after it was reported; by two as well where it is for good."""
    row = confirmed(uid, severe=severe, now=now)
    row = consequences.decide(row, said(outcome, days), actor=ONE, now=now + WEEK)
    if outcome == "permanent":
        row = consequences.agree(row, yes=True, actor=TWO, reason="The file says it all.", now=now + WEEK)
    return row


def said(outcome: str, days: int = 0) -> Decision:
    return Decision(outcome, "rule", "Work rule 12.3", WHY, days)  # type: ignore[arg-type]
