"""Months of charts."""

from __future__ import annotations

from datetime import date


def last_months(today: date, count: int) -> list[date]:
    """First days of the last months, oldest first, with the present one."""
    number = today.year * 12 + today.month - 1
    return [date((number - back) // 12, (number - back) % 12 + 1, 1) for back in reversed(range(count))]
