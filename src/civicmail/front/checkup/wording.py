"""Amounts and times in sentences. Pure."""

from __future__ import annotations

import time


def size(count: int) -> str:
    """Bytes in words for a sentence: "1.5 GiB"."""
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            break
        amount /= 1024
    return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"


def when(ms: int) -> str:
    """A time in ms since 1970 as ISO 8601 in UTC, to the second."""
    seconds = max(0, min(ms // 1000, 253_402_300_799))  # the year 9999 ends there
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
