"""Emergency rules and their states."""

from __future__ import annotations

from django.db.models import QuerySet

from civicmail.city.guard.epoch import from_ms
from civicmail.desk.oversight.models import Emergency


def in_force(now: int) -> QuerySet[Emergency]:
    """The rules in force."""
    return Emergency.objects.filter(ended__isnull=True, until__gt=from_ms(now))


def over(now: int) -> QuerySet[Emergency]:
    """Expired rules that must be ended."""
    return Emergency.objects.filter(ended__isnull=True, until__lte=from_ms(now))


def unratified(now: int) -> QuerySet[Emergency]:
    """Rules in force that were not ratified in time."""
    return Emergency.objects.filter(ended__isnull=True, ratified="due", ratify_by__lte=from_ms(now))


def to_release() -> QuerySet[Emergency]:
    """Ended ones of which some held copies may still have to be screened again."""
    return Emergency.objects.filter(ended__isnull=False, released=False)
