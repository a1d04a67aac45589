"""Limits on what scanning the files of one message may use. Beyond them nothing is unpacked, and a finding says so.

The limits are tighter than those of the search index (core/sandbox/readers.py), which must find every word: mail waits for this
scan, and a container that exceeds them is held for a person anyway.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from civicmail.core.archives.budget import Budget, Limits

SECONDS = 2.5
"""Processor time for all files of a message: half of what reading the message may take (reader_pool.py)."""
DEPTH = 5
"""Containers inside one another, letters among them."""
ENTRIES = 2_000
"""Members of all containers of a message."""
RATIO = 100
"""Bytes that one byte of a container may expand to, above FLOOR."""
FLOOR = 16 << 20
MEMBER = 128 << 20
"""Bytes of one member: it is in memory while it is looked at."""
EXPANDED = 384 << 20
"""Bytes that all members together may expand to."""


class Allowance(Budget):
    """The budget of one message."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.process_time) -> None:
        limits = Limits(
            seconds=seconds, depth=DEPTH, members=ENTRIES, listed=ENTRIES, openings=2 * ENTRIES, member=MEMBER, expanded=EXPANDED,
            ratio=RATIO, ratio_free=FLOOR,
        )  # fmt: skip
        super().__init__(limits, clock=clock)
