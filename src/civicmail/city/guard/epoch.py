"""Conversion between epoch milliseconds and aware datetimes. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime

DAY_MS = 86_400_000
"""ms of a day."""


def epoch_ms(at: datetime) -> int:
    """ms since 1970 of an aware moment."""
    return int(at.timestamp() * 1000)


def from_ms(at: int) -> datetime:
    """The aware moment of so many ms since 1970, in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC)


def format_day(day: date) -> str:
    """3 March 2026."""
    return f"{day.day} {day:%B %Y}"
