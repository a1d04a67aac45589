"""Emergency rules as they stand."""

from __future__ import annotations

from django.db.models import QuerySet

from civicmail.city.access.epoch import from_ms
from civicmail.desk.oversight.models import Emergency


def in_force(now: int) -> QuerySet[Emergency]:
    """Those that act at this moment."""
    return Emergency.objects.filter(ended__isnull=True, until__gt=from_ms(now))


def over(now: int) -> QuerySet[Emergency]:
    """Those whose time is over and that nobody has ended: to be ended now."""
    return Emergency.objects.filter(ended__isnull=True, until__lte=from_ms(now))


def unratified(now: int) -> QuerySet[Emergency]:
    """Those in force of which nobody has said in time that they were right."""
    return Emergency.objects.filter(ended__isnull=True, ratified="due", ratify_by__lte=from_ms(now))


def to_release() -> QuerySet[Emergency]:
    """Ended ones of which it is not known yet whether all that they held has gone on."""
    return Emergency.objects.filter(ended__isnull=False, released=False)
