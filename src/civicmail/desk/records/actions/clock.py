"""Stop and start the clock of a request, by a reason of the law pack, and choose the clock that gives its target (P-21)."""

from __future__ import annotations

from collections.abc import Mapping

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.law.entries import Clock, PauseReason
from civicmail.city.law.errors import MissingEvidence, NotInPack
from civicmail.city.law.pack import STANDS_STILL, LawPack
from civicmail.core.config.errors import CivicmailError
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.frozen import locked_request
from civicmail.desk.records.models import Pause, Request
from civicmail.desk.records.queries import clock
from civicmail.desk.records.queries.law import pack_of
from civicmail.desk.records.states import OPEN

TARGETS = frozenset({"target", "duty"})
"""Kinds of clocks that may give a request its target."""


def usable_pack(row: Request) -> LawPack:
    """The law pack of a request. Raises Conflict with the reason why there is none."""
    try:
        return pack_of(row)
    except CivicmailError as error:
        raise Conflict(str(error)) from None


def pause(row: Request, reason: str, evidence: str, *, actor: Actor, now: int) -> Pause:
    """Stop the clock. reason: an id of the law pack; evidence: what the pack wants written down, such as when the question was
    sent. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    return stop(row, reason, evidence, actor=actor, now=now)


def stop(row: Request, reason: str, evidence: str, *, actor: Actor, now: int) -> Pause:
    """The same, for a verb that has asked the guard. Raises Unusable, Conflict."""
    pack = usable_pack(row)
    known = _reason(pack, reason)
    evidence = checked_reason(evidence, "evidence", min_length=3)
    try:
        known.require(dict.fromkeys(known.needs, evidence))
    except MissingEvidence as error:
        raise Unusable(str(error), {"evidence": str(error)}) from None
    with locked_request(row, "state") as request:
        if request.state not in OPEN:
            raise Conflict("This request is over, so its clock has ended.")
        if request.pauses.filter(ended__isnull=True).exists():
            raise Conflict("The clock stands still already. Start it first.")
        if known.once and request.pauses.filter(reason=known.id).exists():
            raise Conflict(f"The law lets the clock stop for this reason only once: {known.title}.")
        made = Pause.objects.create(request=request, reason=known.id, note=evidence, began=from_ms(now), by=acting_person(actor))
        facts = {"reason": known.id, "pause": made.pk}
        entries.enter("records.pause", actor=actor, reason=evidence, now=now, object=object_of(request), facts=facts)
        set_due(request, pack)
    return made


def resume(row: Request, *, actor: Actor, reason: str, now: int) -> Pause:
    """Start the clock again. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    reason = checked_reason(reason)
    pack = usable_pack(row)
    with locked_request(row) as request:
        stopped = request.pauses.filter(ended__isnull=True).first()
        if stopped is None:
            raise Conflict("The clock is running. Reload the page.")
        stopped.ended = max(from_ms(now), stopped.began)
        stopped.save(update_fields=["ended"])
        facts = {"pause": stopped.pk}
        entries.enter("records.resume", actor=actor, reason=reason, now=now, object=object_of(request), facts=facts)
        set_due(request, pack)
    return stopped


def set_target(row: Request, clock_id: str, *, actor: Actor, reason: str, now: int) -> Request:
    """Choose the clock that gives the target, such as that of a personnel file. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    reason = checked_reason(reason)
    pack = usable_pack(row)
    if clock_id not in {c.id for c in target_clocks(pack)}:
        raise field_error("clock", "Choose one of the clocks.")
    with locked_request(row) as request:
        before, request.clock = request.clock, clock_id
        request.save(update_fields=["clock"])
        facts = {"before": before, "after": clock_id}
        entries.enter("records.set-target", actor=actor, reason=reason, now=now, object=object_of(request), facts=facts)
        set_due(request, pack)
    return request


def target_clocks(pack: LawPack) -> list[Clock]:
    """The clocks that may give a target: those of the office that begin with the receipt."""
    return [c for c in pack.clocks if c.kind in TARGETS and c.starts == "received" and c.id != "acknowledge"]


def evidence_titles(pack: LawPack, reason: PauseReason) -> Mapping[str, str]:
    """id -> title of the facts that a reason needs."""
    return {need: pack.fact(need).title for need in reason.needs}


def _reason(pack: LawPack, reason: str) -> PauseReason:
    try:
        return pack.pause_reason(reason)
    except NotInPack:
        raise field_error("reason", "Choose a reason of the law.") from None


def set_due(request: Request, pack: LawPack) -> None:
    """The target moves by the days for which its clock stood still; while it stands still there is none."""
    due = clock.due(request, pack)
    request.due = None if due == STANDS_STILL else due
    request.save(update_fields=["due"])
