"""Export the case file of a request, also while a suit freezes it: that is what the freeze is for (Wis. Stat. 19.37 (1))."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.models import Request
from civicmail.desk.records.queries import case_file


def export(row: Request, *, data: Path, actor: Actor, now: int) -> bytes:
    """The zip; its entry, with the checksum of the contents, is written before it leaves. Raises NotPermitted."""
    guard.require(actor, "records.export", now=now)
    with transaction.atomic():
        content, digest = case_file.file(row, data)
        facts = {"sha256": digest, "bytes": len(content)}
        reason = f"Case file of request {row.number}"
        entries.enter(case_file.EXPORTED, actor=actor, reason=reason, now=now, object=object_of(row), facts=facts)
    return content
