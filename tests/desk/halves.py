"""First halves of every act that takes two people, by the real verbs or the row that they leave; each returns the second half."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path

from django.db import transaction

from city.identity.staff import MS, WORDS
from civicmail.city.conduct.actions import consequences, findings, review_answers
from civicmail.city.conduct.models import Review, ReviewPart, ReviewRow, Violation
from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.guard.models import Invitation
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import Reasons
from civicmail.city.guard.roles import ROLES
from civicmail.city.identity.actions import (
    access_requests,
    barring,
    bulk_authorization,
    invitations,
    mandate_amendments,
    mandates,
    urgent_mandates,
)
from civicmail.city.identity.models import Authorization, Bar
from civicmail.desk.holding.actions import approval_decisions, release_requests, review_findings, switch_approval
from civicmail.desk.holding.models import Approval, AskedDepartment, Finding, Release
from civicmail.desk.incidents.actions import message_removal
from civicmail.desk.incidents.models import Case, Pull
from civicmail.desk.oversight.actions import emergencies, reveal_reviews, rule_decisions
from civicmail.desk.oversight.models import Emergency, Version
from civicmail.desk.records.actions import contests, productions, scopes, second_reading
from civicmail.desk.records.models import Assignment, Contest, Item, Production, Redaction, Request, Scope, Search
from civicmail.desk.records.models import Decision as ItemDecision
from civicmail.desk.retention.actions import disposals
from civicmail.desk.retention.models import Disposal
from civicmail.desk.workbench.actions import privilege
from civicmail.desk.workbench.models import Clearance
from civicmail.mail.archive import dispose
from civicmail.mail.archive.errors import NotDisposed

WHY = "It is needed for the work that is done here."
WHOLE = tuple(HeldRole(role, "", MS + 2000 * DAY_MS) for role in ROLES)
FOUR = ("ann", "bea", "cyd", "dot")
Second = Callable[[Actor, int], object]


def able(uid: str) -> Actor:
    """Somebody who may do everything but what takes another person."""
    return Actor(uid, uid, WHOLE, frozenset({"clerk"}), frozenset({"sub"}))


def row(uid: str) -> Person:
    return Person.objects.get(uid=uid)


def where() -> Department:
    return Department.objects.get(code="clerk")


# -- first halves by the real verbs, or the row that they leave; each returns the second half


def _request(a: str, now: int) -> Second:
    asked = access_requests.ask(row("sub"), reasons=Reasons(**WORDS), until=now + 60 * DAY_MS, actor=able(a), now=now)
    return lambda who, at: access_requests.approve(asked, actor=who, now=at, reason=WHY)


def _request_higher(a: str, now: int) -> Second:
    Bar.objects.create(person=row("sub"), kind="re-entry", since=from_ms(now), reason=WHY, first=row("boss"))
    return _request(a, now)


def _roster(a: str, now: int) -> Second:
    profile = bulk_authorization.write_profile(where(), "Field agent", Reasons(**WORDS), actor=able(a), now=now)
    return lambda who, at: bulk_authorization.authorize(profile, [row("sub")], until=at + 60 * DAY_MS, actor=who, now=at)


def _mandate(a: str, now: int, verb: str = "approve") -> Second:
    wanted = MandateRequest(("sub",), reason=WHY)
    if verb == "ratify":
        made = urgent_mandates.ask_urgent("examination", "examiner", wanted, stepped_up=from_ms(now), actor=able(a), now=now)
        return lambda who, at: urgent_mandates.ratify(made, actor=who, reason=WHY, now=at)
    made = mandates.ask("examination", "examiner", wanted, actor=able(a), now=now)
    return lambda who, at: mandates.approve(made, actor=who, now=at)


def _amendment(a: str, now: int) -> Second:
    made = mandates.ask("examination", "examiner", MandateRequest(("sub",), reason=WHY), actor=able(a), now=now)
    mandates.put_in_force(made, now, now + 14 * DAY_MS)
    made.state, made.approver, made.decided = "open", row("boss"), from_ms(now)
    made.save()
    change = mandate_amendments.amend(made, MandateRequest(("sub",), days=30, reason=WHY), actor=able(a), now=now)
    return lambda who, at: mandate_amendments.approve(change, actor=who, now=at)


def _bar(a: str, now: int) -> Second:
    made = Bar.objects.create(
        person=row("sub"), kind="permanent", since=from_ms(now), reason=WHY, first=row("boss"), second=row("head")
    )
    asked = barring.ask_end(made, "Section 12", actor=able(a), reason=WHY, now=now)
    return lambda who, at: barring.answer_end(asked, yes=True, actor=who, reason=WHY, now=at)


def _violation(a: str, now: int, part: str, state: str, second: Callable[[Violation, Actor, int], object]) -> Second:
    made = Violation.objects.create(
        person=row("sub"), department=where(), kind="employee", clause="P-12", what=WHY, source="person", made=from_ms(now),
        state=state, since=from_ms(now), response=WHY, **{part: row(a)},
    )  # fmt: skip
    return lambda who, at: second(made, who, at)


def _found(a: str, now: int) -> Second:
    return _violation(
        a, now, "reporter", "reported", lambda v, who, at: findings.find(v, "dismiss", actor=who, reason=WHY, now=at)
    )  # fmt: skip


def _decided(a: str, now: int) -> Second:
    warning = consequences.Decision("warning", "rule", "Section 12", WHY)
    return _violation(a, now, "finder", "confirmed", lambda v, who, at: consequences.decide(v, warning, actor=who, now=at))


def _agreed(a: str, now: int) -> Second:
    def second(v: Violation, who: Actor, at: int) -> object:
        return consequences.agree(v, yes=False, actor=who, reason=WHY, now=at)

    return _violation(a, now, "decider", "proposed", second)


def _reversed(a: str, now: int) -> Second:
    return _violation(a, now, "reporter", "recorded", lambda v, who, at: consequences.reverse(v, actor=who, reason=WHY, now=at))


def _heard(a: str, now: int) -> Second:
    def second(v: Violation, who: Actor, at: int) -> object:
        return consequences.hear(v, uphold=True, actor=who, reason=WHY, now=at)

    return _violation(a, now, "decider", "appealed", second)


def _review(a: str, now: int) -> Second:
    right = Authorization.objects.filter(person=row("head")).get()
    review = Review.objects.create(
        key="r", tier="everyone", state="running", planned=date(2026, 3, 1), started=from_ms(now),
        deadline=from_ms(now + 300 * DAY_MS), by="tick",
    )  # fmt: skip
    part = ReviewPart.objects.create(review=review, department=where(), reviewer=row("boss"), role="head")
    asked = ReviewRow.objects.create(
        review=review, part=part, department=where(), person=row("head"), right=right, approver=row(a), asked={"uid": "head"}
    )

    def second(who: Actor, at: int) -> object:
        ReviewPart.objects.filter(pk=part.pk).update(reviewer=row(who.uid))
        return review_answers.keep(
            ReviewRow.objects.select_related(*review_answers.WITH).get(pk=asked.pk), actor=who, reason=WHY, now=at
        )

    return second


def _mark(a: str, now: int) -> Second:
    with transaction.atomic():
        look = entries.enter("content.reveal", actor=able(a), reason=WHY, now=now)
    return lambda who, at: reveal_reviews.mark(look, "2026-W10", actor=who, remark=WHY, now=from_ms(at))


def _rule(a: str, now: int) -> Second:
    made = Version.objects.create(rule="x", number=1, text="", authors=[a], made=from_ms(now), since=from_ms(now), state="proposed")
    return lambda who, at: rule_decisions.deny(made, actor=who, reason=WHY, now=at)


def _emergency(a: str, now: int) -> Second:
    ends = from_ms(now + 3 * DAY_MS)
    made = Emergency.objects.create(
        kind="domain", value="x.example", do="refuse", reason=WHY, officer=row(a), at=from_ms(now), until=ends, ratify_by=ends
    )
    return lambda who, at: emergencies.ratify(made, actor=who, reason=WHY, now=at)


def _release(a: str, now: int, kind: str = "other", state: str = "asked") -> Second:
    made = Release.objects.create(
        capture=str(uuid.uuid4()), kind=kind, rules="", requester=row("boss" if state == "agreed" else a), why=WHY,
        made=from_ms(now), state=state, first=row(a) if state == "agreed" else None,
    )  # fmt: skip
    return lambda who, at: release_requests.deny(made, actor=who, reason=WHY, now=at)


def _files(a: str, now: int, verb: str = "answer") -> Second:
    made = Approval.objects.create(
        capture=str(uuid.uuid4()), person=row(a), department=where(), received=from_ms(now), made=from_ms(now), since=from_ms(now),
        ends=from_ms(now + 9 * DAY_MS), sampled=verb == "sample",
    )  # fmt: skip
    if verb == "sample":
        return lambda who, at: approval_decisions.record_sample_review(made, actor=who, reason=WHY, now=at)
    return lambda who, at: approval_decisions.decide(made, [0], "approve", actor=who, reason="", now=at)


def _switch(a: str, now: int) -> Second:
    made = AskedDepartment.objects.create(department=where(), by=row(a), asked=from_ms(now), reason=WHY, forecast=900)
    return lambda who, at: switch_approval.agree(made, actor=who, reason=WHY, now=at)


def _pull(a: str, now: int) -> Second:
    case = Case.objects.create(capture=str(uuid.uuid4()), text="0" * 64, made=from_ms(now))
    made = Pull.objects.create(case=case, total=60, state="asked", by=row(a), why=WHY, made=from_ms(now))
    return lambda who, at: message_removal.decide(made, agrees=True, actor=who, reason=WHY, now=at)


def _finding(a: str, now: int) -> Second:
    made = Finding.objects.create(
        capture=str(uuid.uuid4()), rule="x", clause="P-12", pseudonym="p", received=from_ms(now), made=from_ms(now), state="second",
        reviewer=row(a), answered=from_ms(now),
    )  # fmt: skip
    return lambda who, at: review_findings.decide_second(made, right=True, actor=who, reason=WHY, now=at)


def _disposal(a: str, now: int) -> Second:
    """The archive asks the same of the two people when it is carried out."""

    def second(who: Actor, at: int) -> None:
        known = four_eyes.facts({a, who.uid}, began=now, now=at)
        try:
            dispose.dispose(Path("/nowhere"), manifest="", proposer=a, approver=who.uid, eyes=known, reason=WHY, now=at, view=None)  # type: ignore[arg-type]
        except NotDisposed as refused:
            if "unclaimed" not in str(refused).lower():
                raise NotPermitted(str(refused)) from None

    return second


def _list_of_disposal(a: str, now: int) -> Second:
    made = Disposal.objects.create(state="proposed", by=row(a), at=from_ms(now), since=from_ms(now), reason=WHY, manifest="5e" * 32)
    return lambda who, at: disposals.approve(made, "5e" * 32, reason=WHY, actor=who, now=at)


def _clearance(a: str, now: int, verb: str = "decide") -> Second:
    asked = mandates.ask("examination", "examiner", MandateRequest(("sub",), reason=WHY), actor=able("boss"), now=now)
    made = Clearance.objects.create(mandate=asked, capture=uuid.uuid4().hex, person=row(a), made=from_ms(now), reason=WHY)

    def look(who: Actor, at: int) -> object:
        token = entries._single_transaction.set(True)  # the tests are in a transaction
        try:
            return privilege.look(made, actor=who, now=at)
        finally:
            entries._single_transaction.reset(token)

    if verb == "look":
        return look
    return lambda who, at: privilege.decide(made, clears=True, actor=who, reason=WHY, now=at)


def _letter(a: str, now: int) -> Second:
    invitations.invite(row("sub"), actor=able(a), reason=WHY, now=now)
    letter = Invitation.objects.get(account__person__uid="sub")
    return lambda who, at: invitations.hand_over(letter, actor=who, reason=WHY, now=at)


def _records(a: str, now: int, state: str) -> Request:
    """A request for records on which all four work, and who entered it (a), whose account may be newer."""
    made = Request.objects.create(
        number="PR-2026-00001", receipt="r", link="l", intake="counter", text=WHY, entered=row(a), received=from_ms(now),
        state=state, since=from_ms(now),
    )  # fmt: skip
    for uid in dict.fromkeys((*FOUR, a)):
        Assignment.objects.create(request=made, person=row(uid), since=from_ms(now))
    return made


def _scope(a: str, now: int) -> Second:
    made = scopes.propose(_records(a, now, "new"), WHY, "budget", actor=able(a), now=now)
    return lambda who, at: scopes.decide(made, yes=False, reason=WHY, actor=who, now=at)


def _item(a: str, now: int) -> Second:
    request = _records(a, now, "review")
    scope = Scope.objects.create(
        request=request, version=1, understood=WHY, query="budget", state="agreed", by=row("boss"), at=from_ms(now)
    )
    search = Search.objects.create(scope=scope, by=row("boss"), at=from_ms(now), state="ready")
    item = Item.objects.create(request=request, search=search, number=1, capture=str(uuid.uuid4()), content="c", received=now)
    ItemDecision.objects.create(request=request, content="c", verdict="release", by=row(a), at=from_ms(now), second_asked=True)
    return lambda who, at: second_reading.confirm(request, item, actor=who, now=at)


def _production(a: str, now: int) -> Second:
    request = _records("boss", now, "approval")
    made = Production.objects.create(request=request, number=1, by=row(a), at=from_ms(now), since=from_ms(now), state="asked")
    return lambda who, at: productions.give_back(made, WHY, actor=who, now=at)


def _contest(a: str, now: int) -> Second:
    request = _records("boss", now, "released")
    mark = Redaction.objects.create(request=request, content="c", number=1, first=1, last=1, code="x", by=row(a), at=from_ms(now))
    made = Contest.objects.create(request=request, redaction=mark.number, text=WHY, made=from_ms(now))
    return lambda who, at: contests.answer(made, "upheld", WHY, actor=who, now=at)


HALVES: dict[str, Callable[[str, int], Second]] = {
    "request.decide": _request,
    "request.decide-higher": _request_higher,
    "roster.authorise": _roster,
    "account.hand-over": _letter,
    "mandate.approve": _mandate,
    "mandate.approve of a change": _amendment,
    "mandate.ratify": lambda a, now: _mandate(a, now, "ratify"),
    "bar.end": _bar,
    "violation.find": _found,
    "violation.decide": _decided,
    "violation.second": _agreed,
    "violation.reverse": _reversed,
    "violation.hear": _heard,
    "review.decide": _review,
    "viewings.mark": _mark,
    "rule.decide": _rule,
    "emergency.decide": _emergency,
    "release.answer": _release,
    "release.agree": lambda a, now: _release(a, now, "malware"),
    "release.second": lambda a, now: _release(a, now, "malware", "agreed"),
    "release.confidential": lambda a, now: _release(a, now, "confidential"),
    "approval.answer": _files,
    "approval.sample": lambda a, now: _files(a, now, "sample"),
    "approval.agree": _switch,
    "pull.second": _pull,
    "finding.second": _finding,
    "disposal": _disposal,
    "retention.approve": _list_of_disposal,
    "clearance.decide": _clearance,
    "content.privileged": lambda a, now: _clearance(a, now, "look"),
    "records.confirm-scope": _scope,
    "records.second": _item,
    "records.approve": _production,
    "records.contest": _contest,
}
BESIDE = {"mandate.approve of a change", "violation.find", "violation.decide", "violation.hear", "disposal"}
"""Acts in which only some steps take two, so that their verb asks and not the table."""
