"""Give one answer to several requests for approval (P-22).

Each is decided as on its own page: by the same verb, in a transaction of its own, with an entry of its own. Approval together takes
that this person has opened each request before; what needs a look of its own stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from civicmail.city.guard import guard, shared_answers
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import field_error
from civicmail.city.guard.models import Entry
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.shared_answers import MAX_ROWS, Outcome, Single
from civicmail.desk.holding import approvers
from civicmail.desk.holding.actions import approval_decisions
from civicmail.desk.holding.models import Approval, ApprovalCopy

ANSWERS = ("approve", "refuse")


def sort_out(rows: Iterable[Approval], decision: str, *, actor: Actor, now: int) -> tuple[list[Approval], list[Single[Approval]]]:
    """The requests that may get this answer together, and the others."""
    rows = list(rows)
    permitted, opened = _permitted(rows, actor, now), _opened(rows, actor)
    return shared_answers.sort_out(
        rows, lambda row: _reason_alone(row, decision, may=permitted.get(row.pk), is_opened=row.pk in opened)
    )


def decide_together(
    rows: Sequence[Approval], decision: str, *, actor: Actor, reason: str, now: int
) -> Outcome[Approval, list[ApprovalCopy]]:
    """Give each request that allows it this answer, for all recipients that wait; the others stay, with the reason. Raises
    Unusable, and Conflict if the account is contained: then nothing is changed."""
    if decision not in ANSWERS:
        raise field_error("answer", "Choose an answer.")
    approvers.require_not_contained(actor)
    if decision == "refuse":
        reason = checked_reason(reason, min_length=10)
    ready, singles = sort_out(rows[:MAX_ROWS], decision, actor=actor, now=now)
    return shared_answers.answer_each(
        ready, lambda row: approval_decisions.decide(row, pending(row), decision, actor=actor, reason=reason, now=now), singles
    )


def pending(row: Approval) -> list[int]:
    """Numbers of the recipients whose copies wait."""
    return [copy.index for copy in row.copies.all() if copy.state == "waits"]


def _reason_alone(row: Approval, decision: str, *, may: guard.AccessDecision | None, is_opened: bool) -> str:
    """Why a request is answered on its own page; "" if it may be answered with others."""
    if not pending(row):
        return "It was answered already."
    if row.own:
        return "Own files take a reason of their own."
    if not may:
        return may.reason if may is not None else "You do not decide about it."
    if decision == "refuse":
        return ""
    if row.findings:
        return "Screening found something in its files."
    if row.links:
        return "It links to a shared file. Read where the link leads."
    return "" if is_opened else "You have not opened it yet."


def _permitted(rows: Iterable[Approval], actor: Actor, now: int) -> dict[int, guard.AccessDecision]:
    """Whether the actor may answer, by id; facts about senders are read once for all. Own files are not asked about."""
    resources = {row.pk: approvers.resource(row) for row in rows if not row.own}
    facts = four_eyes.facts_of(resources.values(), actor, now)
    return {
        pk: guard.may(actor, "approval.answer", replace(resource, four_eyes=facts), now=now) for pk, resource in resources.items()
    }


def _opened(rows: Iterable[Approval], actor: Actor) -> set[int]:
    """Ids of the requests whose files this person has seen, by the audit log."""
    ids = {f"approval:{row.pk}": row.pk for row in rows}
    looks = Entry.objects.filter(act="approval.look", person=actor.uid, object__in=ids)
    return {ids[object_] for object_ in looks.values_list("object", flat=True).distinct()}
