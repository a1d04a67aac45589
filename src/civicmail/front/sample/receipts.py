"""Match acknowledged messages with archived ones, so that a lost message is noticed (promise 1)."""

from __future__ import annotations

import re
import threading
import uuid

_ARCHIVED = re.compile(r" archived=([0-9a-f-]{36})")


class Receipts:
    """Thread-safe, in bounded memory: matched messages are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._acknowledged: set[bytes] = set()
        self._kept: set[bytes] = set()
        self._nameless = 0

    def acknowledged(self, answer: str, *, accepted: bool) -> None:
        """Note the server's reply to a message, which names its capture."""
        if (match := _ARCHIVED.search(answer)) is not None:
            self._one(uuid.UUID(match[1]).bytes, self._acknowledged, self._kept)
        elif accepted:
            self._nameless += 1

    def archived(self, id_: bytes) -> None:
        """Note that an external message is in the archive."""
        self._one(id_, self._kept, self._acknowledged)

    @property
    def lost(self) -> int:
        """Messages that were acknowledged and are not in the archive."""
        return len(self._acknowledged) + self._nameless

    @property
    def unacknowledged(self) -> int:
        """Archived messages whose reply nobody got; their servers send them again."""
        return len(self._kept)

    def _one(self, id_: bytes, seen: set[bytes], other: set[bytes]) -> None:
        with self._lock:
            if id_ in other:
                other.discard(id_)
            else:
                seen.add(id_)
