"""Audit entries as the ledger has them, with the proofs that they are there (docs/formats.md, "Proofs of many")."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from django.db.models import QuerySet

from civicmail.city.guard.models import Carried, Entry
from civicmail.core.ledger.bulk_proofs import Proofs
from civicmail.core.ledger.entry_journal import record_head
from civicmail.core.ledger.errors import NotIntegrated

type Head = tuple[str, int, bytes]
"""Journal, number and head of a record."""


def heads(rows: QuerySet[Entry]) -> list[Head]:
    """The heads of the records of entries, oldest first; entries that were not yet carried to the ledger are left out."""
    entries = rows.order_by("id")
    places = {c.pk: (c.journal, c.number) for c in Carried.objects.filter(entry__in=entries)}
    return [(*places[e.pk], record_head(*places[e.pk], orjson.loads(bytes(e.head)))) for e in entries if e.pk in places]


def proofs(data: Path, heads: Sequence[Head]) -> list[dict[str, Any]]:
    """The proofs under the newest checkpoint; none while it does not cover all of them."""
    made = Proofs(data)
    for journal, number, content in heads:
        made.add(journal, number, content)
    try:
        signed = made.signed() if heads else None
        return list(made.lines(signed)) if signed is not None else []
    except NotIntegrated:
        return []
