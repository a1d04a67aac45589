"""Answer a case once, for everybody who reported it, with or without removing its copies; the spam filter learns from it
(P-31)."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.desk.incidents import queries, states
from civicmail.desk.incidents.actions import message_removal
from civicmail.desk.incidents.actions.incident_notices import ANSWERS, notify_reporters
from civicmail.desk.incidents.actions.reporting import propose
from civicmail.desk.incidents.models import Case, Pull
from civicmail.mail.pipeline import labels
from civicmail.mail.pipeline.labels import Label

log = get_logger()


def answer(case: Case, verdict: str, *, actor: Actor, reason: str, now: int) -> Case:
    """Answer a case. verdict: right or genuine; reason: sent to every reporter.
    Raises NotPermitted, Unusable, Conflict if it was answered meanwhile."""
    row = _record(case, verdict, actor=actor, reason=reason, now=now)
    _spread_word(row, actor=actor, now=now)
    return row


def remove_and_answer(case: Case, counted: int, *, actor: Actor, reason: str, now: int) -> Pull:
    """Answer that it is dangerous, and request the removal of every copy, in one transaction. counted: copies that the officer has
    seen. Raises as answer() and message_removal.ask() do."""
    guard.require(actor, "pull.ask", now=now)
    copies = queries.find_copies(case, now=now).copies
    with transaction.atomic():
        row = _record(case, "right", actor=actor, reason=reason, now=now)
        pull = message_removal.ask(row, copies, "", counted, actor=actor, reason=reason, now=now)
    _spread_word(row, actor=actor, now=now)
    return pull


def _record(case: Case, verdict: str, *, actor: Actor, reason: str, now: int) -> Case:
    guard.require(actor, "report.answer", now=now)
    reason = checked_reason(reason, min_length=10)
    if verdict not in ANSWERS:
        raise field_error("answer", "Choose an answer.")
    with locked_row(case, "state") as row:
        row.state = states.CASE.step(row.state, verdict)
        row.person, row.answered, row.why = acting_person(actor), from_ms(now), reason[:400]
        row.save()
        facts = {"case": row.pk, "answer": verdict, "reports": row.reports.count()}
        entries.enter("report.answer", actor=actor, reason=row.why, now=now, object=f"capture:{row.capture}", facts=facts)
        notify_reporters(row, row.reports.select_related("reporter"), now)
    return row


def _spread_word(case: Case, *, actor: Actor, now: int) -> None:
    """Teach the filter, and propose what is like it. After the transaction: both read mail."""
    _teach(case, spam=case.state == "right", actor=actor, now=now)
    if case.state == "right":
        _propose_others(case, now)


def _propose_others(case: Case, now: int) -> None:
    """Propose other mail with links to the same hosts, which are known to be malicious by now."""
    try:
        for capture, marks, host in queries.also_linked(case, now=now):
            propose(capture, marks, f"It has a link to {host}, as case {case.pk} has, which was dangerous.", now=now)
    except LaterError as error:  # the answer stands; a further report opens a new case
        log.warning("other mail with the same links cannot be looked for", case=case.pk, error=type(error).__name__)


def _teach(case: Case, *, spam: bool, actor: Actor, now: int) -> None:
    """By role, so without the limit of what one reader may teach; of mail from outside alone."""
    data: Path | None = settings.DATA
    assert data is not None, "cases have an installation"
    for capture in queries.captures_of(case):
        if (record := queries.record(capture)) is not None and labels.is_inbound(record):
            labels.write_label(data, UUID(capture).bytes, Label(spam, actor.uid, "operator"), now)
