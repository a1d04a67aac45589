"""How many captures of each class were received in each month: from the columns of the catalogue alone, no capture is read.

The class is that of the segment: the one that a capture came with, until `regroup` moves what was promoted.
"""

from __future__ import annotations

from pathlib import Path

from civicmail.mail.archive.store import Store


def by_month(data: Path) -> tuple[dict[str, dict[str, int]], int]:
    """Month, as 2026-12 -> class -> captures; and how many are not sealed yet. Raises DamagedFile."""
    store = Store(data)
    months: dict[str, dict[str, int]] = {}
    for month in store.catalogue.months:
        counts = months.setdefault(month, {})
        for run in store.catalogue.runs_now(month):
            for (class_, _), number in run.captures_by_segment().items():
                counts[class_] = counts.get(class_, 0) + number
    return months, sum(1 for _ in store.tail.captures())
