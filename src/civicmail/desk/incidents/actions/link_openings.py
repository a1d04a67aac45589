"""Record who opened a link that was known to be dangerous; other links leave no trace (P-31).

A row, not an audit entry: it is not an act of a city person, and rows are deleted after some time. Opened harmless pages are
private.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from civicmail.city.guard.epoch import from_ms
from civicmail.desk.incidents.models import Opening

KEPT_DAYS = 90
"""By then security has called everyone who entered a password, and needs no names any more."""


def record_opening(capture: str, index: int, mailbox: str, host: str, *, is_confirmed: bool, now: datetime) -> None:
    """Record an opening once for each copy and host. is_confirmed: the reader confirmed it by the button."""
    with transaction.atomic():
        row, made = Opening.objects.get_or_create(
            capture=capture, index=index, host=host[:253], defaults={"mailbox": mailbox[:254], "made": now, "told": is_confirmed}
        )
        if is_confirmed and not made and not row.told:
            Opening.objects.filter(pk=row.pk).update(told=True)


def delete_old(now: int) -> int:
    """Delete openings older than KEPT_DAYS; how many. now: ms."""
    return Opening.objects.filter(made__lt=from_ms(now) - timedelta(days=KEPT_DAYS)).delete()[0]
