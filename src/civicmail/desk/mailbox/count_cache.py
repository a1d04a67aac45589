"""Cache the counts that every page shows for some seconds, so that the menu does not search the mail each time. Knows no
Django.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

MAX_AGE_SECONDS = 20
"""Age of a cached count; a change forgets it."""
MAX_PEOPLE = 10_000


class CountCache:
    """Counts by person. Safe for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def get(self, uid: str, now: int, count: Callable[[], int]) -> int:
        """now: ms. Count again if the value is older than MAX_AGE_SECONDS, or from the future."""
        with self._lock:
            at, number = self._known.get(uid, (0, 0))
        if 0 <= now - at < 1000 * MAX_AGE_SECONDS:
            return number
        number = count()
        with self._lock:
            self._known[uid] = (now, number)
            self._known.move_to_end(uid)
            if len(self._known) > MAX_PEOPLE:
                self._known.popitem(last=False)
        return number

    def forget(self, uid: str) -> None:
        with self._lock:
            self._known.pop(uid, None)
