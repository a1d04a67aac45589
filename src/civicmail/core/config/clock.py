"""The wall clock. Only entry points read it; every other function is given the time."""

from __future__ import annotations

import time


def now_ms() -> int:
    """ms since 1970, UTC."""
    return time.time_ns() // 1_000_000
