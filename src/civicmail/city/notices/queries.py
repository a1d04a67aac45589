"""Notices that are still to be sent."""

from __future__ import annotations

from civicmail.city.notices.models import Notice


def waiting(limit: int) -> list[Notice]:
    """The oldest unsent notices."""
    return list(Notice.objects.filter(sent__isnull=True).order_by("pk")[:limit])
