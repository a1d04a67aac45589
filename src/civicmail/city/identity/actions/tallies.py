"""Adding to the sums of a department, in the transaction of what is counted (P-10, P-28)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from civicmail.city.directory.models import Department
from civicmail.city.identity.models import Tally
from civicmail.city.identity.tallies import TallyKind


def add(department: Department | None, what: TallyKind, *, at: datetime, count: int = 1) -> None:
    """Add to a sum of the present month. None: a person without a department, who is not counted."""
    if department is None or count <= 0:
        return
    rows = Tally.objects.filter(department=department, month=timezone.localdate(at).replace(day=1), what=what)
    if not rows.update(count=F("count") + count):
        Tally.objects.get_or_create(department=department, month=timezone.localdate(at).replace(day=1), what=what)
        rows.update(count=F("count") + count)
