"""Remove delivered copies of a message from mailboxes, and restore them (P-31).

One security officer decides, two above fifty copies; the worker removes copy by copy; one act restores all.
The archive keeps the message in any case.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, lock_row, locked_row
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import Decision
from civicmail.core.query.errors import QueryError
from civicmail.desk.incidents import queries, states
from civicmail.desk.incidents.actions.incident_notices import notify_removed, notify_restored, notify_second
from civicmail.desk.incidents.models import Case, Pull, Pulled
from civicmail.desk.incidents.similar_messages import Copy

WORKER = machine("worker")
TAKEN = frozenset(queries.TAKEN)
"""Outcomes after which the owner no longer has the copy in My mail."""


def ask(case: Case, copies: Sequence[Copy], query: str, counted: int, *, actor: Actor, reason: str, now: int) -> Pull:
    """Request a removal. copies: all, as of now; counted: how many the officer has seen.
    From the fifty-first copy of a case on, in total, a second person is needed.
    Raises NotPermitted, Unusable, Conflict if the number changed, or one of them is being removed already."""
    guard.require(actor, "pull.ask", now=now)
    reason = checked_reason(reason, min_length=10)
    removable = [has for has in copies if has.can_be_taken]
    if not removable:
        raise Conflict("No mailbox has a copy that could be removed.")
    if len(removable) != counted:
        raise Conflict(f"There are {len(removable):,} copies now. Reload the page and check the number.")
    with transaction.atomic():
        lock_row(case)  # two officers at one moment, or one twice
        if queries.to_be_taken(case) & {(has.capture, has.index) for has in removable}:
            raise Conflict("Some of these copies are being removed already. Reload the page and check the number.")
        state = states.begins(len(removable) + queries.taken_alone(case))
        made = Pull.objects.create(
            case=case,
            query=query[:400],
            total=len(removable),
            state=state,
            by=acting_person(actor),
            why=reason[:400],
            made=from_ms(now),
        )
        Pulled.objects.bulk_create(
            [Pulled(pull=made, capture=has.capture, index=has.index, mailbox=has.mailbox) for has in removable]
        )
        _entered("pull.ask", made, actor, reason, now)
        if made.state == "asked":
            notify_second(made, now)
    return made


def ask_fitting(case: Case, words: str, counted: int, *, actor: Actor, reason: str, now: int) -> Pull:
    """Request the removal of the copies that match a query, as ask(). Raises also Unusable for an invalid query, LaterError if the
    index is unavailable."""
    guard.require(actor, "pull.ask", now=now)
    words = words.strip()
    try:
        copies = queries.find_copies(case, words, now=now).copies
    except QueryError as error:
        raise field_error("q", error.message) from None
    return ask(case, copies, words, counted, actor=actor, reason=reason, now=now)


def about(pull: Pull) -> Decision:
    """The resource for the second officer, who must not be the requester."""
    return Decision(first_actors=(pull.by.uid,), began_ms=epoch_ms(pull.made))


def decide(pull: Pull, *, agrees: bool, actor: Actor, reason: str, now: int) -> Pull:
    """The second person. Raises NotPermitted, Unusable, Conflict."""
    four_eyes.require(actor, "pull.second", about(pull), now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(pull, "state") as row:
        row.state = states.PULL.step(row.state, "agree" if agrees else "refuse")
        row.second, row.decided, row.answer = acting_person(actor), from_ms(now), reason[:400]
        row.save()
        _entered("pull.second", row, actor, reason, now)
    return row


def undo(pull: Pull, *, actor: Actor, reason: str, now: int) -> Pull:
    """Restore every removed copy; copies not removed yet stay. Raises as ask() does."""
    guard.require(actor, "pull.undo", now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(pull, "state") as row:
        row.state = states.PULL.step(row.state, "undo")
        row.undone_by, row.undone_why, row.finished = acting_person(actor), reason[:400], None
        row.save()
        _entered("pull.undo", row, actor, reason, now)
    return row


def note(copy: Pulled, outcome: str, *, now: int) -> None:
    """Store the outcome of a copy, which is durable in the archive; its owner is notified in the same transaction."""
    with transaction.atomic():
        row = Pulled.objects.select_related("pull").get(pk=copy.pk)
        row.state, row.tried, row.problem = outcome, from_ms(now), ""
        row.save()
        if outcome in TAKEN:
            notify_removed(row.pull, row.mailbox, now)
        elif outcome == "back" and copy.state in TAKEN:
            notify_restored(row.pull, row.mailbox, now)


def note_problem(copy: Pulled, problem: str, *, now: int) -> None:
    """Record that the mailbox was unavailable; it is retried."""
    Pulled.objects.filter(pk=copy.pk).update(tried=from_ms(now), problem=problem[:200])


def finish(pull: Pull, *, now: int) -> None:
    """Finish a removal with an entry about the outcome of its copies."""
    with transaction.atomic():
        row = Pull.objects.select_for_update().get(pk=pull.pk)
        row.state, row.finished = states.PULL.step(row.state, "finish"), from_ms(now)
        row.save()
        _entered("pull.finish", row, WORKER, row.why, now)


def _entered(act: str, pull: Pull, actor: Actor, reason: str, now: int) -> None:
    of: dict[str, int] = {}
    for state in pull.copies.values_list("state", flat=True):
        of[state] = of.get(state, 0) + 1
    facts = {"pull": pull.pk, "case": pull.case_id, "copies": pull.total, "state": pull.state, "outcomes": of}
    entries.enter(act, actor=actor, reason=reason[:400], now=now, object=f"pull:{pull.pk}", facts=facts)
