"""Exports: ordered by an examiner, made by the worker, fetched any number of times until they are removed (P-21, E6)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, lock_row, locked_row
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.models import Mandate as MandateRow
from civicmail.city.guard.permits import Permit
from civicmail.city.identity.actions import content_views
from civicmail.core.query.errors import QueryError
from civicmail.core.query.parse import parse
from civicmail.desk.workbench import states
from civicmail.desk.workbench.models import Export

WORKER = machine("export")


def order_export(mandate: Mandate, query: str, *, actor: Actor, now: int) -> Export:
    """Order an export of a query's captures within the examination. Raises Unusable, NotPermitted, Conflict, NotRecorded."""
    try:
        parse(query, now=from_ms(now))
    except QueryError as error:
        raise field_error("q", error.message) from None
    permit = content_views.under(mandate, "content.export", actor=actor, facts={"query": query}, now=now)
    with transaction.atomic():
        row = MandateRow.objects.get(number=mandate.number)
        at = from_ms(now)
        return Export.objects.create(mandate=row, person=acting_person(actor), query=query, asked=at, since=at, entry=permit.entry)


def begin(export: Export, mandate: Mandate, *, actor: Actor, now: int) -> Permit:
    """Begin or resume the export for its requester, with a permit of this moment. Raises NotPermitted, Conflict, NotRecorded."""
    permit = content_views.under(
        mandate, "content.export", actor=actor, facts={"query": export.query, "export": export.pk}, now=now
    )
    with locked_row(export) as row:
        if row.state != "waiting":
            row.state = states.step(row.state, "waiting")
        _save(row, "reading", now)
    export.state = row.state
    return permit


def update_progress(export: Export, found: int, done: int, failed: int, now: int) -> bool:
    """Store the progress; False if it was stopped meanwhile. Nobody's decision, so no audit entry."""
    Export.objects.filter(pk=export.pk).update(found=found, done=done, failed=failed)
    return Export.objects.filter(pk=export.pk, state__in=states.UNDER_WAY).exists()


def prove(export: Export, now: int) -> None:
    """Note that everything was read."""
    with transaction.atomic():
        _save(lock_row(export), "proving", now)


def finish(export: Export, *, manifest: str, size: int, now: int) -> None:
    """The file is complete; its manifest is in the ledger."""
    with locked_row(export) as row:
        row.manifest, row.size, row.until = manifest, size, from_ms(now) + timedelta(days=states.KEPT_DAYS)
        _save(row, "ready", now)
        facts = {"export": row.pk, "manifest": manifest, "messages": row.done, "failed": row.failed, "bytes": size}
        _entered("export.made", row, WORKER, "an export is whole", now, **facts)


def fail(export: Export, why: str, now: int) -> None:
    """Note a failed export. why: a sentence without content."""
    with locked_row(export) as row:
        row.why = why[:400]
        _save(row, "failed", now)
        _entered("export.failed", row, WORKER, why, now, export=row.pk)


def stop(export: Export, *, actor: Actor, reason: str, now: int) -> Export:
    """Stop it, as its requester, or as the worker if it may not continue; what was read stays until it is resumed or removed."""
    with locked_row(export) as row:
        row.why = reason[:400]
        _save(row, "stopped", now)
        _entered("export.stop", row, actor, reason, now, export=row.pk)
    return row


def resume(export: Export, mandate: Mandate, *, actor: Actor, now: int) -> Export:
    """Resume a stopped export, as its requester. Raises NotPermitted, Conflict, NotRecorded."""
    content_views.under(mandate, "content.export", actor=actor, facts={"query": export.query, "export": export.pk}, now=now)
    with locked_row(export) as row:
        row.why = ""
        _save(row, "waiting", now)
    return row


def fetch(export: Export, mandate: Mandate, *, actor: Actor, now: int) -> Permit:
    """Record the download before it begins. Raises NotPermitted, Conflict, NotRecorded."""
    states.step(export.state, "gone")  # only what is ready can be fetched
    if export.mandate.amendments.filter(state="approved", decided__gt=export.since).exists():
        raise Conflict("The scope of the mandate has changed since this export was made. Export again.")
    facts = {"export": export.pk, "fetched": export.manifest}
    return content_views.under(mandate, "content.export", actor=actor, facts=facts, now=now)


def remove(export: Export, why: str, now: int) -> None:
    """Record that its file was removed."""
    with locked_row(export) as row:
        row.why = why
        _save(row, "gone", now)
        _entered("export.removed", row, WORKER, why, now, export=row.pk)


def _save(row: Export, to: states.State, now: int) -> None:
    row.state, row.since = states.step(row.state, to), from_ms(now)
    row.save()


def _entered(act: str, row: Export, actor: Actor, reason: str, now: int, **facts: object) -> None:
    entries.enter(act, actor=actor, reason=reason[:400], now=now, object=f"mandate:{row.mandate.number}", facts=facts)
