"""Notices that are still to be sent."""

from __future__ import annotations

from civicmail.city.notices.models import Notice


def waiting(limit: int) -> list[Notice]:
    """The oldest that nobody has sent yet."""
    return list(Notice.objects.filter(sent__isnull=True).order_by("pk")[:limit])
