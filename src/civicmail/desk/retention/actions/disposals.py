"""Disposals: proposed by a retention officer, approved by a records officer, carried out by the worker after a notice period (P-23,
promise 3; Wis. Stat. 19.21).

An approval is about the digest of a manifest. Each verb is one transaction with its entry; the worker's verbs may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.resources import Decision
from civicmail.desk.retention.actions import disposal_notices
from civicmail.desk.retention.disposal_states import DISPOSALS
from civicmail.desk.retention.models import Disposal
from civicmail.mail.archive.manifests import Manifest, Part

WORKER = machine("disposal")
MAX_REASON, MAX_WHY = 400, 600


def propose(part: Part, *, reason: str, actor: Actor, now: int) -> Disposal:
    """Propose the disposal of what is due; the worker lists it. now: epoch ms. Raises NotPermitted, Conflict while another proposal
    is being listed, Unusable without a reason."""
    guard.require(actor, "retention.dispose", now=now)
    why = _required(reason)
    with transaction.atomic():
        if Disposal.objects.select_for_update().filter(state="listing").exists():
            raise Conflict("Not proposed: another proposal is being listed. Wait until it is there.")
        at = from_ms(now)
        row = Disposal.objects.create(
            by=acting_person(actor), at=at, since=at, reason=why, kind=part.class_, year=part.year, most=part.most
        )
        _enter("disposal.proposed", row, actor, why, now, **{"class": part.class_, "year": part.year, "most": part.most})
    return row


def approve(row: Disposal, manifest: str, *, reason: str, actor: Actor, now: int) -> Disposal:
    """Approve exactly this manifest; the notice period begins. manifest: its digest as the approver saw it. Raises NotPermitted,
    Conflict, Unusable."""
    why = _required(reason)
    with _changing(row, "approve", now) as locked:
        four_eyes.require(actor, "retention.approve", about(locked), now=now)
        if manifest != locked.manifest:
            raise Conflict("Not approved: this is not the list that you saw. Reload the page.")
        locked.decided_by, locked.decided, locked.answer = acting_person(actor), from_ms(now), why
        locked.ready = from_ms(now) + timedelta(days=settings.CITY.archive.disposal_notice_days)
        _enter("disposal.approved", locked, actor, why, now, manifest=manifest, ready=epoch_ms(locked.ready))
        disposal_notices.decided(locked, now)
    return row


def refuse(row: Disposal, *, reason: str, actor: Actor, now: int) -> Disposal:
    """Refuse a disposal, also after its approval until it begins. Raises NotPermitted, Conflict, Unusable."""
    why = _required(reason)
    with _changing(row, "refuse", now) as locked:
        four_eyes.require(actor, "retention.approve", about(locked), now=now)
        locked.decided_by, locked.decided, locked.answer, locked.ready = acting_person(actor), from_ms(now), why, None
        _enter("disposal.refused", locked, actor, why, now, manifest=locked.manifest)
        disposal_notices.decided(locked, now, why)
    return row


def withdraw(row: Disposal, *, reason: str, actor: Actor, now: int) -> Disposal:
    """Withdraw a proposal until the disposal begins. Raises NotPermitted, Conflict, Unusable."""
    why = _required(reason)
    with _changing(row, "withdraw", now) as locked:
        guard.require(actor, "retention.dispose", now=now)
        locked.why, locked.ready = why, None
        _enter("disposal.withdrawn", locked, actor, why, now, manifest=locked.manifest)
    return row


def note_listed(row: Disposal, manifest: Manifest, now: int) -> None:
    """Record, as the worker, that the manifest is written; approvers are notified. Raises Conflict if it was withdrawn."""
    with _changing(row, "list", now) as locked:
        locked.manifest, locked.total, locked.captures, locked.size = (
            manifest.digest, manifest.total, manifest.captures, manifest.size,
        )  # fmt: skip
        locked.pieces, locked.kept, locked.figures = len(manifest.pieces), manifest.kept, manifest.figures
        facts = {"manifest": manifest.digest, "captures": manifest.captures, "total": manifest.total}
        _enter("disposal.listed", locked, WORKER, locked.reason, now, **facts)
        disposal_notices.proposed(locked, now)


def begin(row: Disposal, now: int) -> None:
    """Record, as the worker, that the disposal begins; once. Raises Conflict if it was refused or withdrawn, or its notice period
    is not over."""
    if row.state == "disposing":
        return
    with _changing(row, "begin", now) as locked:
        if locked.ready is None or epoch_ms(locked.ready) > now:
            raise Conflict("The notice period of this disposal is not over.")
        _enter("disposal.begun", locked, WORKER, locked.reason, now, manifest=locked.manifest)


def finish(row: Disposal, certificates: Sequence[str], gone: int, stayed: dict[str, int], now: int) -> None:
    """Record, as the worker, what was disposed of. certificates: names; stayed: captures of the manifest, by reason."""
    with _changing(row, "finish", now) as locked:
        locked.certificates, locked.gone, locked.stayed = list(certificates), gone, stayed
        facts = {"manifest": locked.manifest, "captures": gone, "stayed": stayed, "certificates": list(certificates)}
        _enter("disposal.done", locked, WORKER, locked.reason, now, **facts)
        disposal_notices.ended(locked, now)


def stop(row: Disposal, why: str, now: int, *, stayed: dict[str, int] | None = None) -> None:
    """Stop a disposal, as the worker, because a rule forbids it now. why: a sentence without content."""
    with _changing(row, "stop", now) as locked:
        locked.why, locked.stayed = why[:MAX_WHY], stayed or {}
        _enter("disposal.stopped", locked, WORKER, why, now, manifest=locked.manifest)
        disposal_notices.ended(locked, now)


def about(row: Disposal) -> Decision:
    """A disposal as what a second person decides: whoever proposed it is the first."""
    return Decision(first_actors=(row.by.uid,), began_ms=epoch_ms(row.at))


def _required(reason: str) -> str:
    if not reason.strip():
        raise Unusable("Say why: it stays in the record.")
    return reason.strip()[:MAX_REASON]


@contextmanager
def _changing(row: Disposal, action: str, now: int) -> Iterator[Disposal]:
    """A transaction with the disposal locked, and its next state. Raises Conflict."""
    with locked_row(row) as locked:
        state = DISPOSALS.step(locked.state, action)
        yield locked
        locked.state, locked.since = state, from_ms(now)
        locked.save()
    row.refresh_from_db()


def _enter(act: str, row: Disposal, actor: Actor, reason: str, now: int, **facts: Any) -> None:
    entries.enter(act, actor=actor, reason=reason[:MAX_REASON], now=now, object=f"disposal:{row.pk}", facts=facts)
