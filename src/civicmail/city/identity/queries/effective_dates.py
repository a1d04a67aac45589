"""Dates at which access changes without an act (M2, M4, P2).

A change of a row is published immediately (publishing.py). This module covers rows whose meaning changes at a time. Checking for
such a time takes a dozen small queries; making the snapshot of 6,200 people takes a second.
"""

from __future__ import annotations

from django.db.models import Model
from django.utils import timezone

from civicmail.city.directory.models import Agency, Mailbox
from civicmail.city.guard.access_status import GRACE_MS, YEAR_MS
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import Acknowledgement, Authorization, Bar, Device, Forwarding, PolicyText, RoleAssignment

DATES: tuple[tuple[type[Model], str, int], ...] = (
    (Authorization, "starts", 0),
    (Authorization, "until", 0),
    (Device, "until", 0),
    (Bar, "since", 0),
    (Bar, "until", 0),
    (RoleAssignment, "starts", 0),
    (RoleAssignment, "until", 0),
    (Forwarding, "until", 0),
    (Mailbox, "expires", 0),
    (Agency, "suspended", 0),
    (PolicyText, "published", 0),
    (PolicyText, "published", GRACE_MS),
    (Acknowledgement, "at", YEAR_MS + GRACE_MS),
)
"""Model, column, and how many ms after it. What is a day, as the last one of an employment, comes at midnight."""


def has_passed(since: int, now: int) -> bool:
    """Whether one of these dates is after since and not after now; ms."""
    if timezone.localdate(from_ms(since)) != timezone.localdate(from_ms(now)):
        return True
    return any(
        model._default_manager.filter(**{f"{column}__gt": from_ms(since - after), f"{column}__lte": from_ms(now - after)}).exists()
        for model, column, after in DATES
    )
