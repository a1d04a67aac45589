"""Remove subjects and file names from approvals when the archive no longer has the message (P-22).

Those of a pre-approval, whose draft is no record, are removed after a year.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import Q

from civicmail.city.guard.epoch import from_ms
from civicmail.desk.holding import queries
from civicmail.desk.holding.models import Approval

BATCH_SIZE = 500
KEEP_OF_DRAFTS = timedelta(days=366)


class NamesForgetter:
    """Looks at all approvals with names, a batch at each step, and begins again after the last one."""

    def __init__(self) -> None:
        self._after = 0

    def step(self, now: int) -> bool:
        """Return whether there are more to look at."""
        named = Approval.objects.exclude(subject="", names=[]).filter(pk__gt=self._after).order_by("pk")
        batch = list(named.values_list("pk", "capture")[:BATCH_SIZE])
        self._after = batch[-1][0] if len(batch) == BATCH_SIZE else 0
        ids = {uuid.UUID(capture).bytes: pk for pk, capture in batch if capture}
        gone = [ids[id_] for id_ in queries.held_copies().disposed(ids)]
        old = Q(capture="", made__lt=from_ms(now) - KEEP_OF_DRAFTS, pk__in=[pk for pk, _ in batch])
        Approval.objects.filter(Q(pk__in=gone) | old).update(subject="", names=[])
        return self._after > 0
